"""Further small models in public styles, for `small_models` alone; written as those of ``tests/spelling/models.py``.

Each text ends in ``model`` and ``loss(model, data)``; ``data`` is what `small_models.data` gives.
"""

from __future__ import annotations

MODELS: dict[str, str] = {}

MODELS["dcgan"] = """
class Generator(nn.Module):
    def __init__(self, nz=5, ngf=8, nc=3):
        super().__init__()
        self.main = nn.Sequential(
            nn.ConvTranspose2d(nz, ngf * 2, 4, 1, 0, bias=False), nn.BatchNorm2d(ngf * 2), nn.ReLU(True),
            nn.ConvTranspose2d(ngf * 2, ngf, 4, 2, 1, bias=False), nn.BatchNorm2d(ngf), nn.ReLU(True),
            nn.ConvTranspose2d(ngf, nc, 4, 2, 1, bias=False), nn.Tanh())

    def forward(self, z):
        return self.main(z)

class Discriminator(nn.Module):
    def __init__(self, nc=3, ndf=8):
        super().__init__()
        self.main = nn.Sequential(
            nn.Conv2d(nc, ndf, 4, 2, 1, bias=False), nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(ndf, ndf * 2, 4, 2, 1, bias=False), nn.BatchNorm2d(ndf * 2), nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(ndf * 2, 1, 4, 1, 0, bias=False), nn.Sigmoid())

    def forward(self, x):
        return self.main(x).view(-1, 1).squeeze(1)

class Pair(nn.Module):
    def __init__(self):
        super().__init__()
        self.G, self.D = Generator(), Discriminator()

model = Pair()
criterion = nn.BCELoss()

def loss(model, data):
    real = F.interpolate(data["images"], size=(16, 16)).tanh()
    b = real.size(0)
    fake = model.G(data["noise"].view(b, -1, 1, 1))
    ones, zeros = torch.ones(b), torch.zeros(b)
    errD = criterion(model.D(real), ones) + criterion(model.D(fake.detach()), zeros)
    return errD + criterion(model.D(fake), ones)
"""

MODELS["mobilenet_v2"] = """
class InvertedResidual(nn.Module):
    def __init__(self, inp, oup, stride, expand_ratio):
        super().__init__()
        hidden_dim = inp * expand_ratio
        self.use_res_connect = stride == 1 and inp == oup
        self.conv = nn.Sequential(
            nn.Conv2d(inp, hidden_dim, 1, 1, 0, bias=False), nn.BatchNorm2d(hidden_dim), nn.ReLU6(inplace=True),
            nn.Conv2d(hidden_dim, hidden_dim, 3, stride, 1, groups=hidden_dim, bias=False),
            nn.BatchNorm2d(hidden_dim), nn.ReLU6(inplace=True),
            nn.Conv2d(hidden_dim, oup, 1, 1, 0, bias=False), nn.BatchNorm2d(oup))

    def forward(self, x):
        return x + self.conv(x) if self.use_res_connect else self.conv(x)

class MobileNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 8, 3, 1, 1, bias=False), nn.BatchNorm2d(8), nn.ReLU6(inplace=True),
            InvertedResidual(8, 8, 1, 4), InvertedResidual(8, 16, 2, 4), InvertedResidual(16, 16, 1, 4))
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(16, 4))

    def forward(self, x):
        return self.classifier(self.features(x).mean([2, 3]))

model = MobileNet()

def loss(model, data):
    return F.cross_entropy(model(F.interpolate(data["images"], scale_factor=2)), data["labels"])
"""

MODELS["efficientnet"] = """
class SqueezeExcitation(nn.Module):
    def __init__(self, channels, squeezed):
        super().__init__()
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc1, self.fc2 = nn.Conv2d(channels, squeezed, 1), nn.Conv2d(squeezed, channels, 1)
        self.activation, self.scale_activation = nn.SiLU(inplace=True), nn.Sigmoid()

    def forward(self, input):
        scale = self.scale_activation(self.fc2(self.activation(self.fc1(self.avgpool(input)))))
        return scale * input

class MBConv(nn.Module):
    def __init__(self, i, o, kernel, stride, expand):
        super().__init__()
        h = i * expand
        self.block = nn.Sequential(
            nn.Conv2d(i, h, 1, bias=False), nn.BatchNorm2d(h, eps=1e-3), nn.SiLU(inplace=True),
            nn.Conv2d(h, h, kernel, stride, kernel // 2, groups=h, bias=False), nn.BatchNorm2d(h, eps=1e-3),
            nn.SiLU(inplace=True), SqueezeExcitation(h, max(1, i // 4)),
            nn.Conv2d(h, o, 1, bias=False), nn.BatchNorm2d(o, eps=1e-3))
        self.residual = stride == 1 and i == o

    def forward(self, x):
        y = self.block(x)
        return x + y if self.residual else y

class EfficientNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 8, 3, 1, 1, bias=False), nn.BatchNorm2d(8), nn.SiLU(),
            MBConv(8, 8, 3, 1, 4), MBConv(8, 12, 5, 2, 4), MBConv(12, 12, 5, 1, 4))
        self.avgpool, self.classifier = nn.AdaptiveAvgPool2d(1), nn.Sequential(nn.Dropout(0.2), nn.Linear(12, 4))

    def forward(self, x):
        return self.classifier(torch.flatten(self.avgpool(self.features(x)), 1))

model = EfficientNet()

def loss(model, data):
    x = F.interpolate(data["images"], scale_factor=2)
    return F.cross_entropy(model(x), data["labels"], label_smoothing=0.1)
"""

MODELS["gru_classifier"] = """
class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed, self.gru = nn.Embedding(7, 12), nn.GRU(12, 16, num_layers=2, batch_first=True)
        self.fc = nn.Linear(16, 4)

    def forward(self, tokens):
        out, h = self.gru(self.embed(tokens))
        return self.fc(out[:, -1])

model = Classifier()

def loss(model, data):
    return F.cross_entropy(model(data["tokens"]), data["labels"])
"""

MODELS["vit_block"] = """
class Mlp(nn.Module):
    def __init__(self, dim, hidden):
        super().__init__()
        self.fc1, self.act, self.fc2 = nn.Linear(dim, hidden), nn.GELU(), nn.Linear(hidden, dim)

    def forward(self, x):
        return self.fc2(self.act(self.fc1(x)))

class Block(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.attn, self.mlp = nn.MultiheadAttention(dim, heads, batch_first=True), Mlp(dim, 4 * dim)

    def forward(self, x):
        y = self.norm1(x)
        x = x + self.attn(y, y, y, need_weights=False)[0]
        return x + self.mlp(self.norm2(x))

class ViT(nn.Module):
    def __init__(self, dim=24):
        super().__init__()
        self.patch_embed = nn.Conv2d(3, dim, 2, 2)
        self.pos_embed = nn.Parameter(torch.zeros(1, 9, dim))
        self.blocks = nn.Sequential(Block(dim, 4), Block(dim, 4))
        self.norm, self.head = nn.LayerNorm(dim), nn.Linear(dim, 4)

    def forward(self, x):
        x = self.patch_embed(x).flatten(2).transpose(1, 2) + self.pos_embed
        return self.head(self.norm(self.blocks(x)).mean(dim=1))

model = ViT()

def loss(model, data):
    return F.cross_entropy(model(data["images"]), data["labels"])
"""

MODELS["real_nvp"] = """
class Coupling(nn.Module):
    def __init__(self, dim, hidden, mask):
        super().__init__()
        self.register_buffer("mask", mask)
        self.s = nn.Sequential(nn.Linear(dim, hidden), nn.ReLU(), nn.Linear(hidden, dim), nn.Tanh())
        self.t = nn.Sequential(nn.Linear(dim, hidden), nn.ReLU(), nn.Linear(hidden, dim))

    def forward(self, x):
        held = x * self.mask
        s, t = self.s(held) * (1 - self.mask), self.t(held) * (1 - self.mask)
        return held + (1 - self.mask) * (x * torch.exp(s) + t), s.sum(dim=1)

class RealNVP(nn.Module):
    def __init__(self, dim=5):
        super().__init__()
        masks = [torch.tensor([float((k + i) % 2) for k in range(dim)]) for i in range(4)]
        self.layers = nn.ModuleList([Coupling(dim, 16, mask) for mask in masks])

    def forward(self, x):
        log_det = torch.zeros(x.shape[0])
        for layer in self.layers:
            x, ld = layer(x)
            log_det = log_det + ld
        return x, log_det

model = RealNVP()

def loss(model, data):
    z, log_det = model(data["noise"])
    prior = -0.5 * (z ** 2).sum(dim=1) - 0.5 * z.shape[1] * math.log(2 * math.pi)
    return -(prior + log_det).mean()
"""

MODELS["conv_vae"] = """
class ConvVAE(nn.Module):
    def __init__(self, latent=4):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(3, 8, 3, 2, 1), nn.ReLU(), nn.Conv2d(8, 16, 3, 2, 1), nn.ReLU(), nn.Flatten())
        self.fc_mu, self.fc_var = nn.Linear(64, latent), nn.Linear(64, latent)
        self.decoder_input = nn.Linear(latent, 64)
        self.decoder = nn.Sequential(
            nn.ConvTranspose2d(16, 8, 3, 2, 1, output_padding=0), nn.ReLU(),
            nn.ConvTranspose2d(8, 3, 4, 2, 1), nn.Sigmoid())

    def reparameterize(self, mu, logvar):
        return torch.randn_like(mu) * torch.exp(0.5 * logvar) + mu

    def forward(self, x):
        h = self.encoder(x)
        mu, log_var = self.fc_mu(h), self.fc_var(h)
        z = self.reparameterize(mu, log_var)
        return self.decoder(self.decoder_input(z).view(-1, 16, 2, 2)), mu, log_var

model = ConvVAE()

def loss(model, data):
    x = torch.sigmoid(data["images"])
    recons, mu, log_var = model(x)
    kld = torch.mean(-0.5 * torch.sum(1 + log_var - mu ** 2 - log_var.exp(), dim=1), dim=0)
    return F.mse_loss(recons, x) + 0.00025 * kld
"""
