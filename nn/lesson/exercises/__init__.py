"""The exercises, a chapter a file; `nn.lesson.exercise.exercises` finds them."""
