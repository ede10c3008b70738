"""What users hold in their hands: the picture, the steps, the switch and the animation, as pages."""
