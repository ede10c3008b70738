"""Small models as public code writes them, in PyTorch's spelling; only the imports are ours.

Each text ends in ``model`` and ``loss(model, data)``; ``data`` is what ``DATA`` names for it. The
first line of a test puts ``torch``, ``nn`` and ``F`` there. Written for these tests.
"""

from __future__ import annotations

MODELS: dict[str, str] = {}

MODELS["gpt"] = """
class CausalSelfAttention(nn.Module):
    def __init__(self, n_embd, n_head, block):
        super().__init__()
        self.c_attn = nn.Linear(n_embd, 3 * n_embd)
        self.c_proj = nn.Linear(n_embd, n_embd)
        self.n_head, self.n_embd = n_head, n_embd
        self.register_buffer("bias", torch.tril(torch.ones(block, block)).view(1, 1, block, block))

    def forward(self, x):
        B, T, C = x.size()
        q, k, v = self.c_attn(x).split(self.n_embd, dim=2)
        k = k.view(B, T, self.n_head, C // self.n_head).transpose(1, 2)
        q = q.view(B, T, self.n_head, C // self.n_head).transpose(1, 2)
        v = v.view(B, T, self.n_head, C // self.n_head).transpose(1, 2)
        att = (q @ k.transpose(-2, -1)) * (1.0 / math.sqrt(k.size(-1)))
        att = att.masked_fill(self.bias[:, :, :T, :T] == 0, float("-inf"))
        att = F.softmax(att, dim=-1)
        y = att @ v
        y = y.transpose(1, 2).contiguous().view(B, T, C)
        return self.c_proj(y)

class Block(nn.Module):
    def __init__(self, n_embd, n_head, block):
        super().__init__()
        self.ln_1, self.ln_2 = nn.LayerNorm(n_embd), nn.LayerNorm(n_embd)
        self.attn = CausalSelfAttention(n_embd, n_head, block)
        self.mlp = nn.Sequential(nn.Linear(n_embd, 2 * n_embd), nn.GELU(), nn.Linear(2 * n_embd, n_embd))

    def forward(self, x):
        x = x + self.attn(self.ln_1(x))
        x = x + self.mlp(self.ln_2(x))
        return x

class GPT(nn.Module):
    def __init__(self, vocab=7, n_embd=8, n_head=2, n_layer=2, block=6):
        super().__init__()
        self.wte, self.wpe = nn.Embedding(vocab, n_embd), nn.Embedding(block, n_embd)
        self.h = nn.ModuleList([Block(n_embd, n_head, block) for _ in range(n_layer)])
        self.ln_f = nn.LayerNorm(n_embd)
        self.lm_head = nn.Linear(n_embd, vocab, bias=False)

    def forward(self, idx, targets=None):
        device = idx.device
        b, t = idx.size()
        pos = torch.arange(0, t, dtype=torch.long, device=device).unsqueeze(0)
        x = self.wte(idx) + self.wpe(pos)
        for block in self.h:
            x = block(x)
        logits = self.lm_head(self.ln_f(x))
        loss = None
        if targets is not None:
            loss = F.cross_entropy(logits.view(-1, logits.size(-1)), targets.view(-1), ignore_index=-1)
        return logits, loss

    @torch.no_grad()
    def generate(self, idx, n, top_k=3):
        for _ in range(n):
            logits, _ = self(idx[:, -6:])
            logits = logits[:, -1, :] / 0.8
            v, _ = torch.topk(logits, min(top_k, logits.size(-1)))
            logits[logits < v[:, [-1]]] = -float("Inf")
            probs = F.softmax(logits, dim=-1)
            idx = torch.cat((idx, torch.multinomial(probs, num_samples=1)), dim=1)
        return idx

model = GPT()

def loss(model, data):
    assert model.generate(data["tokens"], 2).shape == (2, 8)
    return model(data["tokens"], data["tokens"].roll(-1, 1))[1]
"""

MODELS["resnet"] = """
def conv3x3(i, o, stride=1):
    return nn.Conv2d(i, o, kernel_size=3, stride=stride, padding=1, bias=False)

class BasicBlock(nn.Module):
    def __init__(self, inplanes, planes, stride=1, downsample=None):
        super().__init__()
        self.conv1, self.bn1 = conv3x3(inplanes, planes, stride), nn.BatchNorm2d(planes)
        self.relu = nn.ReLU(inplace=True)
        self.conv2, self.bn2 = conv3x3(planes, planes), nn.BatchNorm2d(planes)
        self.downsample = downsample

    def forward(self, x):
        identity = x
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        if self.downsample is not None:
            identity = self.downsample(x)
        out += identity
        return self.relu(out)

class ResNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(conv3x3(3, 4), nn.BatchNorm2d(4), nn.ReLU(inplace=True))
        self.layer1 = BasicBlock(4, 4)
        self.layer2 = BasicBlock(4, 8, 2, nn.Sequential(nn.Conv2d(4, 8, 1, 2, bias=False), nn.BatchNorm2d(8)))
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(8, 5)

    def forward(self, x):
        x = self.layer2(self.layer1(self.stem(x)))
        x = self.avgpool(x)
        x = torch.flatten(x, 1)
        return self.fc(x)

model = ResNet()

def loss(model, data):
    out = model(data["images"])
    _, predicted = out.max(dim=1)
    correct = predicted.eq(data["labels"].view_as(predicted)).sum().item()
    assert 0 <= correct <= data["labels"].size(0)
    return nn.CrossEntropyLoss()(out, data["labels"])
"""

MODELS["unet"] = """
class DoubleConv(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.double_conv = nn.Sequential(
            nn.Conv2d(i, o, 3, padding=1), nn.BatchNorm2d(o), nn.ReLU(inplace=True),
            nn.Conv2d(o, o, 3, padding=1), nn.BatchNorm2d(o), nn.ReLU(inplace=True))

    def forward(self, x):
        return self.double_conv(x)

class Up(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.up = nn.ConvTranspose2d(i, i // 2, kernel_size=2, stride=2)
        self.conv = DoubleConv(i, o)

    def forward(self, x1, x2):
        x1 = self.up(x1)
        diffY, diffX = x2.size()[2] - x1.size()[2], x2.size()[3] - x1.size()[3]
        x1 = F.pad(x1, [diffX // 2, diffX - diffX // 2, diffY // 2, diffY - diffY // 2])
        x = torch.cat([x2, x1], dim=1)
        return self.conv(x)

class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.inc, self.down = DoubleConv(3, 4), nn.Sequential(nn.MaxPool2d(2), DoubleConv(4, 8))
        self.up, self.outc = Up(8, 4), nn.Conv2d(4, 1, kernel_size=1)

    def forward(self, x):
        x1 = self.inc(x)
        x2 = self.down(x1)
        return self.outc(self.up(x2, x1))

def dice_loss(pred, target, smooth=1.0):
    pred, target = pred.contiguous(), target.contiguous()
    intersection = (pred * target).sum(dim=2).sum(dim=2)
    loss = 1 - (2.0 * intersection + smooth) / (pred.sum(dim=2).sum(dim=2) + target.sum(dim=2).sum(dim=2) + smooth)
    return loss.mean()

model = UNet()

def loss(model, data):
    logits = model(data["images"])
    target = (data["images"][:, :1] > 0).to(logits.dtype)
    return F.binary_cross_entropy_with_logits(logits, target) + dice_loss(torch.sigmoid(logits), target)
"""

MODELS["vae"] = """
class VAE(nn.Module):
    def __init__(self):
        super(VAE, self).__init__()
        self.fc1, self.fc21, self.fc22 = nn.Linear(108, 16), nn.Linear(16, 3), nn.Linear(16, 3)
        self.fc3, self.fc4 = nn.Linear(3, 16), nn.Linear(16, 108)

    def encode(self, x):
        h1 = F.relu(self.fc1(x))
        return self.fc21(h1), self.fc22(h1)

    def reparameterize(self, mu, logvar):
        std = torch.exp(0.5 * logvar)
        eps = torch.zeros_like(std) + 0.3 * torch.ones_like(torch.randn_like(std))
        return mu + eps * std

    def decode(self, z):
        return torch.sigmoid(self.fc4(F.relu(self.fc3(z))))

    def forward(self, x):
        mu, logvar = self.encode(x.view(-1, 108))
        return self.decode(self.reparameterize(mu, logvar)), mu, logvar

def loss_function(recon_x, x, mu, logvar):
    BCE = F.binary_cross_entropy(recon_x, x.view(-1, 108), reduction="sum")
    KLD = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
    return BCE + KLD

model = VAE()

def loss(model, data):
    x = data["images"].sigmoid()
    return loss_function(*[model(x)[0], x, *model(x)[1:]])
"""

MODELS["wgan_gp"] = """
class Critic(nn.Module):
    def __init__(self):
        super().__init__()
        self.main = nn.Sequential(nn.Conv2d(3, 4, 4, 2, 1), nn.LeakyReLU(0.2), nn.Conv2d(4, 1, 3))

    def forward(self, x):
        return self.main(x).view(x.size(0), -1).mean(1).squeeze()

class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.main = nn.Sequential(
            nn.ConvTranspose2d(5, 4, 3, 1, 0, bias=False), nn.BatchNorm2d(4), nn.ReLU(True),
            nn.ConvTranspose2d(4, 3, 4, 2, 1, bias=False), nn.Tanh())

    def forward(self, z):
        return self.main(z.view(z.size(0), z.size(1), 1, 1))

class Both(nn.Module):
    def __init__(self):
        super().__init__()
        self.D, self.G = Critic(), Generator()

def gradient_penalty(D, real, fake):
    alpha = torch.full((real.size(0), 1, 1, 1), 0.3, dtype=real.dtype).expand_as(real)
    mixed = (alpha * real + (1 - alpha) * fake).requires_grad_(True)
    out = D(mixed)
    grads = torch.autograd.grad(
        outputs=out, inputs=mixed, grad_outputs=torch.ones(out.size(), dtype=out.dtype),
        create_graph=True, retain_graph=True, only_inputs=True)[0]
    grads = grads.view(grads.size(0), -1)
    return ((grads.norm(2, dim=1) - 1) ** 2).mean()

model = Both()

def loss(model, data):
    fake = model.G(data["noise"])
    real = data["images"]
    return model.D(fake).mean() - model.D(real).mean() + 10 * gradient_penalty(model.D, real, fake.detach())
"""

MODELS["transformer"] = """
class PositionalEncoding(nn.Module):
    def __init__(self, d_model, max_len=20):
        super().__init__()
        pe = torch.zeros(max_len, d_model)
        position = torch.arange(0, max_len, dtype=torch.float).unsqueeze(1)
        div_term = torch.exp(torch.arange(0, d_model, 2).float() * (-math.log(10000.0) / d_model))
        pe[:, 0::2] = torch.sin(position * div_term)
        pe[:, 1::2] = torch.cos(position * div_term)
        self.register_buffer("pe", pe.unsqueeze(0))

    def forward(self, x):
        return x + self.pe[:, : x.size(1)].requires_grad_(False)

def attention(query, key, value, mask=None):
    d_k = query.size(-1)
    scores = torch.matmul(query, key.transpose(-2, -1)) / math.sqrt(d_k)
    if mask is not None:
        scores = scores.masked_fill(mask == 0, -1e9)
    p_attn = scores.softmax(dim=-1)
    return torch.matmul(p_attn, value), p_attn

class MultiHeadedAttention(nn.Module):
    def __init__(self, h, d_model):
        super().__init__()
        self.d_k, self.h = d_model // h, h
        self.linears = nn.ModuleList([nn.Linear(d_model, d_model) for _ in range(4)])

    def forward(self, query, key, value, mask=None):
        nbatches = query.size(0)
        query, key, value = [
            lin(x).view(nbatches, -1, self.h, self.d_k).transpose(1, 2)
            for lin, x in zip(self.linears, (query, key, value))]
        x, self.attn = attention(query, key, value, mask=mask)
        x = x.transpose(1, 2).contiguous().view(nbatches, -1, self.h * self.d_k)
        return self.linears[-1](x)

class LayerNorm(nn.Module):
    def __init__(self, features, eps=1e-6):
        super().__init__()
        self.a_2, self.b_2 = nn.Parameter(torch.ones(features)), nn.Parameter(torch.zeros(features))
        self.eps = eps

    def forward(self, x):
        mean = x.mean(-1, keepdim=True)
        std = x.std(-1, keepdim=True, unbiased=True)
        return self.a_2 * (x - mean) / (std + self.eps) + self.b_2

class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed, self.pos = nn.Embedding(7, 8), PositionalEncoding(8)
        self.attn, self.norm, self.out = MultiHeadedAttention(2, 8), LayerNorm(8), nn.Linear(8, 7)

    def forward(self, src):
        mask = torch.triu(torch.ones(1, src.size(-1), src.size(-1)), diagonal=1).type(torch.uint8) == 0
        x = self.pos(self.embed(src) * math.sqrt(8))
        x = x + self.attn(self.norm(x), self.norm(x), self.norm(x), mask.unsqueeze(1))
        return F.log_softmax(self.out(x), dim=-1)

model = Encoder()

def loss(model, data):
    out = model(data["tokens"])
    true_dist = torch.zeros_like(out.detach()).fill_(0.1 / 5)
    true_dist.scatter_(2, data["tokens"].unsqueeze(-1), 0.9)
    return F.kl_div(out, true_dist, reduction="sum")
"""

MODELS["actor_critic"] = """
class ActorCritic(nn.Module):
    def __init__(self):
        super().__init__()
        self.affine = nn.Linear(5, 8)
        self.action_head, self.value_head = nn.Linear(8, 3), nn.Linear(8, 1)

    def forward(self, x):
        x = F.relu(self.affine(x))
        return F.softmax(self.action_head(x), dim=-1), self.value_head(x)

model = ActorCritic()

def loss(model, data):
    probs, values = model(data["noise"])
    actions = probs.argmax(dim=1, keepdim=True)
    log_probs = torch.log(probs.gather(1, actions).squeeze(1))
    R, returns = 0, []
    for r in [1.0, 0.5][::-1]:
        R = r + 0.99 * R
        returns.insert(0, R)
    returns = torch.tensor(returns, dtype=values.dtype)
    returns = (returns - returns.mean()) / (returns.std(unbiased=True) + 1e-5)
    advantage = returns - values.squeeze(-1)
    entropy = -(probs * probs.log()).sum(-1).mean()
    policy = torch.stack([-lp * a for lp, a in zip(log_probs, advantage.detach())]).sum()
    critic = torch.stack([F.smooth_l1_loss(v, torch.tensor([t], dtype=v.dtype)) for v, t in zip(values, returns.tolist())]).sum()
    return policy + critic - 0.01 * entropy
"""

MODELS["dqn"] = """
class DQN(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer1, self.layer2, self.layer3 = nn.Linear(5, 8), nn.Linear(8, 8), nn.Linear(8, 3)

    def forward(self, x):
        x = F.relu(self.layer1(x))
        x = F.relu(self.layer2(x))
        return self.layer3(x)

model = DQN()

def loss(model, data):
    state, batch = data["noise"], data["noise"].size(0)
    action = torch.tensor([[0], [2]], dtype=torch.long)
    reward = torch.cat([torch.tensor([1.0]), torch.tensor([-1.0])]).to(state.dtype)
    non_final_mask = torch.tensor(tuple(map(lambda s: s is not None, [state, None])), dtype=torch.bool)
    state_action_values = model(state).gather(1, action)
    next_state_values = torch.zeros(batch, dtype=state.dtype)
    with torch.no_grad():
        next_state_values[non_final_mask] = model(state[:1] * 2).max(dim=1).values
    expected = (next_state_values * 0.9) + reward
    return nn.SmoothL1Loss()(state_action_values, expected.unsqueeze(1))
"""

MODELS["lstm_by_hand"] = """
class LSTMCell(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        self.hidden_size = hidden_size
        self.x2h, self.h2h = nn.Linear(input_size, 4 * hidden_size), nn.Linear(hidden_size, 4 * hidden_size)

    def forward(self, x, hidden):
        hx, cx = hidden
        x = x.view(-1, x.size(1))
        gates = self.x2h(x) + self.h2h(hx)
        ingate, forgetgate, cellgate, outgate = gates.chunk(4, 1)
        ingate, forgetgate = torch.sigmoid(ingate), torch.sigmoid(forgetgate)
        cellgate, outgate = torch.tanh(cellgate), torch.sigmoid(outgate)
        cy = torch.mul(cx, forgetgate) + torch.mul(ingate, cellgate)
        hy = torch.mul(outgate, torch.tanh(cy))
        return hy, cy

class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding, self.cell, self.fc = nn.Embedding(7, 5), LSTMCell(5, 6), nn.Linear(6, 4)

    def forward(self, tokens):
        weight = next(self.parameters())
        h = weight.new_zeros(tokens.size(0), self.cell.hidden_size)
        c = torch.zeros(tokens.size(0), self.cell.hidden_size).type_as(h)
        outputs = []
        for x in self.embedding(tokens).permute(1, 0, 2).unbind(0):
            h, c = self.cell(x, (h, c))
            outputs += [h]
        return self.fc(torch.stack(outputs, dim=1))

model = Tagger()

def loss(model, data):
    out = model(data["tokens"])
    return F.cross_entropy(out.view(-1, out.shape[-1]), (data["tokens"] % 4).view(-1))
"""

MODELS["siren_coordinates"] = """
def get_mgrid(sidelen, dim=2):
    tensors = tuple(dim * [torch.linspace(-1, 1, steps=sidelen)])
    mgrid = torch.stack(torch.meshgrid(*tensors, indexing="ij"), dim=-1)
    return mgrid.reshape(-1, dim)

class SineLayer(nn.Module):
    def __init__(self, i, o, omega_0=3):
        super().__init__()
        self.omega_0, self.linear = omega_0, nn.Linear(i, o)

    def forward(self, x):
        return torch.sin(self.omega_0 * self.linear(x))

class Siren(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(SineLayer(2, 6), SineLayer(6, 6), nn.Linear(6, 1))

    def forward(self, coords):
        coords = coords.clone().detach().requires_grad_(True)
        return self.net(coords), coords

def gradient(y, x, grad_outputs=None):
    if grad_outputs is None:
        grad_outputs = torch.ones_like(y)
    return torch.autograd.grad(y, [x], grad_outputs=grad_outputs, create_graph=True)[0]

def laplace(y, x):
    grad = gradient(y, x)
    div = 0.0
    for i in range(grad.shape[-1]):
        div += torch.autograd.grad(grad[..., i], x, torch.ones_like(grad[..., i]), create_graph=True)[0][..., i : i + 1]
    return div

model = Siren()

def loss(model, data):
    y, coords = model(get_mgrid(3).to(data["images"].dtype).unsqueeze(0))
    return (laplace(y, coords) ** 2).mean() + (gradient(y, coords).norm(dim=-1) - 1).abs().mean()
"""

MODELS["vit"] = """
class Attention(nn.Module):
    def __init__(self, dim, num_heads=2, qkv_bias=True):
        super().__init__()
        self.num_heads, self.scale = num_heads, (dim // num_heads) ** -0.5
        self.qkv, self.proj = nn.Linear(dim, dim * 3, bias=qkv_bias), nn.Linear(dim, dim)

    def forward(self, x):
        B, N, C = x.shape
        qkv = self.qkv(x).reshape(B, N, 3, self.num_heads, C // self.num_heads).permute(2, 0, 3, 1, 4)
        q, k, v = qkv[0], qkv[1], qkv[2]
        attn = (q @ k.transpose(-2, -1)) * self.scale
        attn = attn.softmax(dim=-1)
        return self.proj((attn @ v).transpose(1, 2).reshape(B, N, C))

class ViT(nn.Module):
    def __init__(self, dim=8):
        super().__init__()
        self.patch = nn.Conv2d(3, dim, kernel_size=2, stride=2)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, dim))
        self.pos_embed = nn.Parameter(torch.zeros(1, 10, dim))
        self.norm, self.attn, self.head = nn.LayerNorm(dim), Attention(dim), nn.Linear(dim, 5)

    def forward(self, x):
        B = x.shape[0]
        x = self.patch(x).flatten(2).transpose(1, 2)
        cls_tokens = self.cls_token.expand(B, -1, -1)
        x = torch.cat((cls_tokens, x), dim=1) + self.pos_embed
        x = x + self.attn(self.norm(x))
        return self.head(x[:, 0])

model = ViT()

def loss(model, data):
    logits = model(data["images"])
    labels = F.one_hot(data["labels"], num_classes=5).to(logits.dtype)
    return torch.sum(-labels * F.log_softmax(logits, dim=-1), dim=-1).mean()
"""

MODELS["vq_vae"] = """
class VectorQuantizer(nn.Module):
    def __init__(self, n_e=6, e_dim=4, beta=0.25):
        super().__init__()
        self.n_e, self.e_dim, self.beta = n_e, e_dim, beta
        self.embedding = nn.Embedding(n_e, e_dim)

    def forward(self, z):
        z = z.permute(0, 2, 3, 1).contiguous()
        z_flattened = z.view(-1, self.e_dim)
        d = (torch.sum(z_flattened ** 2, dim=1, keepdim=True)
             + torch.sum(self.embedding.weight ** 2, dim=1)
             - 2 * torch.matmul(z_flattened, self.embedding.weight.t()))
        min_encoding_indices = torch.argmin(d, dim=1).unsqueeze(1)
        min_encodings = torch.zeros(min_encoding_indices.shape[0], self.n_e, dtype=z.dtype).to(z.device)
        min_encodings.scatter_(1, min_encoding_indices, 1)
        z_q = torch.matmul(min_encodings, self.embedding.weight).view(z.shape)
        loss = torch.mean((z_q.detach() - z) ** 2) + self.beta * torch.mean((z_q - z.detach()) ** 2)
        z_q = z + (z_q - z).detach()
        e_mean = torch.mean(min_encodings, dim=0)
        perplexity = torch.exp(-torch.sum(e_mean * torch.log(e_mean + 1e-10)))
        return loss, z_q.permute(0, 3, 1, 2).contiguous(), perplexity

class VQVAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder, self.vq, self.decoder = nn.Conv2d(3, 4, 2, 2), VectorQuantizer(), nn.ConvTranspose2d(4, 3, 2, 2)

    def forward(self, x):
        embedding_loss, z_q, perplexity = self.vq(self.encoder(x))
        return embedding_loss, self.decoder(z_q), perplexity

model = VQVAE()

def loss(model, data):
    embedding_loss, x_hat, perplexity = model(data["images"])
    assert perplexity.item() > 0
    return torch.mean((x_hat - data["images"]) ** 2) / 0.7 + embedding_loss
"""

MODELS["squeeze_excitation"] = """
class SELayer(nn.Module):
    def __init__(self, channel, reduction=2):
        super().__init__()
        self.avg_pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Sequential(
            nn.Linear(channel, channel // reduction, bias=False), nn.ReLU(inplace=True),
            nn.Linear(channel // reduction, channel, bias=False), nn.Sigmoid())

    def forward(self, x):
        b, c, _, _ = x.size()
        y = self.avg_pool(x).view(b, c)
        y = self.fc(y).view(b, c, 1, 1)
        return x * y.expand_as(x)

class SpatialAttention(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(2, 1, 3, padding=1, bias=False)

    def forward(self, x):
        avg_out = torch.mean(x, dim=1, keepdim=True)
        max_out, _ = torch.max(x, dim=1, keepdim=True)
        return torch.sigmoid(self.conv1(torch.cat([avg_out, max_out], dim=1)))

def channel_shuffle(x, groups):
    batchsize, num_channels, height, width = x.size()
    x = x.view(batchsize, groups, num_channels // groups, height, width)
    x = torch.transpose(x, 1, 2).contiguous()
    return x.view(batchsize, -1, height, width)

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.se, self.sa = nn.Conv2d(3, 4, 3, groups=1), SELayer(4), SpatialAttention()
        self.fc = nn.Linear(4 * 4 * 4, 5)

    def forward(self, x):
        x = channel_shuffle(self.se(self.conv(x)), 2)
        x = self.sa(x) * x
        x = x.view(x.size()[0], -1)
        return F.log_softmax(self.fc(x), dim=1)

model = Net()

def loss(model, data):
    return F.nll_loss(model(data["images"]), data["labels"])
"""

MODELS["gcn"] = """
class GraphConvolution(nn.Module):
    def __init__(self, in_features, out_features):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(in_features, out_features))
        self.bias = nn.Parameter(torch.empty(out_features))
        self.reset_parameters()

    def reset_parameters(self):
        stdv = 1.0 / math.sqrt(self.weight.size(1))
        with torch.no_grad():
            self.weight.uniform_(-stdv, stdv)
            self.bias.uniform_(-stdv, stdv)

    def forward(self, x, adj):
        support = torch.mm(x, self.weight)
        output = torch.mm(adj, support)
        return output + self.bias

class GAT(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.W, self.a = nn.Parameter(torch.zeros(size=(i, o))), nn.Parameter(torch.zeros(size=(2 * o, 1)))
        nn.init.xavier_uniform_(self.W, gain=1.414)
        nn.init.xavier_uniform_(self.a, gain=1.414)
        self.leakyrelu = nn.LeakyReLU(0.2)

    def forward(self, h, adj):
        Wh = torch.mm(h, self.W)
        N = Wh.size()[0]
        pairs = torch.cat([Wh.repeat_interleave(N, dim=0), Wh.repeat(1, N).view(N * N, -1)], dim=1) if False else \
            torch.cat([Wh.repeat_interleave(N, dim=0), Wh.tile(N, 1)], dim=1)
        e = self.leakyrelu(torch.matmul(pairs.view(N, N, -1), self.a).squeeze(2))
        zero_vec = -9e15 * torch.ones_like(e)
        attention = F.softmax(torch.where(adj > 0, e, zero_vec), dim=1)
        return F.elu(torch.matmul(attention, Wh))

class GCN(nn.Module):
    def __init__(self):
        super().__init__()
        self.gc1, self.gat, self.gc2 = GraphConvolution(5, 6), GAT(6, 4), GraphConvolution(4, 3)

    def forward(self, x, adj):
        x = F.relu(self.gc1(x, adj))
        return F.log_softmax(self.gc2(self.gat(x, adj), adj), dim=1)

model = GCN()

def loss(model, data):
    adj = torch.eye(2, dtype=data["noise"].dtype) + torch.ones(2, 2, dtype=data["noise"].dtype).tril(-1)
    rowsum = adj.sum(dim=1)
    adj = torch.diag(rowsum.pow(-1)).mm(adj)
    return F.nll_loss(model(data["noise"], adj)[range(2)], torch.tensor([0, 2]))
"""

MODELS["contrastive"] = """
class SimCLR(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Sequential(nn.Flatten(), nn.Linear(108, 8), nn.ReLU(), nn.Linear(8, 4))

    def forward(self, x):
        return self.backbone(x)

def info_nce_loss(features, batch, n_views=2, temperature=0.5):
    labels = torch.cat([torch.arange(batch) for i in range(n_views)], dim=0)
    labels = (labels.unsqueeze(0) == labels.unsqueeze(1)).float()
    features = F.normalize(features, dim=1)
    similarity_matrix = torch.matmul(features, features.T)
    mask = torch.eye(labels.shape[0], dtype=torch.bool)
    labels = labels[~mask].view(labels.shape[0], -1)
    similarity_matrix = similarity_matrix[~mask].view(similarity_matrix.shape[0], -1)
    positives = similarity_matrix[labels.bool()].view(labels.shape[0], -1)
    negatives = similarity_matrix[~labels.bool()].view(similarity_matrix.shape[0], -1)
    logits = torch.cat([positives, negatives], dim=1)
    labels = torch.zeros(logits.shape[0], dtype=torch.long)
    return logits / temperature, labels

model = SimCLR()

def loss(model, data):
    x = torch.cat([data["images"], data["images"].flip(3)], dim=0)
    logits, labels = info_nce_loss(model(x), data["images"].size(0))
    return nn.CrossEntropyLoss()(logits, labels)
"""

MODELS["triplet_and_centers"] = """
class CenterLoss(nn.Module):
    def __init__(self, num_classes=5, feat_dim=4):
        super().__init__()
        self.num_classes, self.feat_dim = num_classes, feat_dim
        self.centers = nn.Parameter(torch.randn(num_classes, feat_dim))
        self.embed = nn.Linear(5, feat_dim)

    def forward(self, x, labels):
        x = self.embed(x)
        batch_size = x.size(0)
        distmat = torch.pow(x, 2).sum(dim=1, keepdim=True).expand(batch_size, self.num_classes) + \
            torch.pow(self.centers, 2).sum(dim=1, keepdim=True).expand(self.num_classes, batch_size).t()
        distmat = torch.addmm(distmat, x, self.centers.t(), beta=1, alpha=-2)
        classes = torch.arange(self.num_classes).long()
        labels = labels.unsqueeze(1).expand(batch_size, self.num_classes)
        mask = labels.eq(classes.expand(batch_size, self.num_classes))
        dist = distmat * mask.to(distmat.dtype)
        return dist.clamp(min=1e-12, max=1e12).sum() / batch_size

def batch_hard(emb, labels):
    mat = torch.cdist(emb, emb)
    same = labels.expand(len(labels), len(labels)).eq(labels.expand(len(labels), len(labels)).t())
    hardest_positive, _ = torch.sort(mat + (-9999999.0) * (~same).to(mat.dtype), dim=1, descending=True)
    return torch.mean(hardest_positive[:, 0])

model = CenterLoss()

def loss(model, data):
    x = torch.cat([data["noise"], data["noise"] * 0.5])
    labels = data["labels"].repeat_interleave(2)
    return model(x, labels) + batch_hard(model.embed(x), labels)
"""

MODELS["flow"] = """
class Coupling(nn.Module):
    def __init__(self, dim=4):
        super().__init__()
        self.scale = nn.Sequential(nn.Linear(dim // 2, 8), nn.Tanh(), nn.Linear(8, dim // 2))
        self.shift = nn.Sequential(nn.Linear(dim // 2, 8), nn.ReLU(), nn.Linear(8, dim // 2))
        self.log_s = nn.Parameter(torch.zeros(dim))

    def forward(self, x):
        x = x * torch.exp(self.log_s).unsqueeze(0)
        x1, x2 = torch.chunk(x, 2, dim=1)
        s, t = torch.tanh(self.scale(x1)), self.shift(x1)
        y2 = x2.mul(s.exp()).add(t)
        log_det = s.sum(dim=-1).view(-1) + self.log_s.sum()
        return torch.cat([y2, x1], dim=-1), log_det

class Flow(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([Coupling() for _ in range(3)])

    def forward(self, x):
        log_det = x.new_zeros(x.shape[0])
        for layer in self.layers:
            x, d = layer(x)
            log_det = log_det + d
        return x, log_det

model = Flow()

def loss(model, data):
    z, log_det = model(data["noise"][:, :4])
    log_pz = (-0.5 * (z ** 2 + math.log(2 * math.pi))).flatten(1).sum(-1)
    return -(log_pz + log_det).mean()
"""
