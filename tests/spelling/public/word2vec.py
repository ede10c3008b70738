"""Skip-gram with negative sampling beside matrix factorisation with biases: looked-up tables."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, Dataset


class SkipGramModel(nn.Module):
    def __init__(self, emb_size, emb_dimension):
        super(SkipGramModel, self).__init__()
        self.u_embeddings = nn.Embedding(emb_size, emb_dimension)
        self.v_embeddings = nn.Embedding(emb_size, emb_dimension)
        initrange = 1.0 / emb_dimension
        nn.init.uniform_(self.u_embeddings.weight, -initrange, initrange)
        nn.init.constant_(self.v_embeddings.weight, 0)

    def forward(self, pos_u, pos_v, neg_v):
        emb_u = self.u_embeddings(pos_u)
        emb_v = self.v_embeddings(pos_v)
        emb_neg_v = self.v_embeddings(neg_v)
        score = torch.sum(torch.mul(emb_u, emb_v), dim=1)
        score = torch.clamp(score, max=10, min=-10)
        score = -F.logsigmoid(score)
        neg_score = torch.bmm(emb_neg_v, emb_u.unsqueeze(2)).squeeze()
        neg_score = torch.clamp(neg_score, max=10, min=-10)
        neg_score = -torch.sum(F.logsigmoid(-neg_score), dim=1)
        return torch.mean(score + neg_score)


class MatrixFactorization(nn.Module):
    def __init__(self, n_users, n_items, n_factors=3):
        super().__init__()
        self.user_factors = nn.Embedding(n_users, n_factors, sparse=False)
        self.item_factors = nn.Embedding(n_items, n_factors, sparse=False)
        self.user_biases = nn.Embedding(n_users, 1)
        self.item_biases = nn.Embedding(n_items, 1)
        self.bags = nn.EmbeddingBag(n_items, n_factors, mode="mean")

    def forward(self, user, item, seen, offsets):
        pred = self.user_biases(user) + self.item_biases(item)
        history = self.bags(seen, offsets)
        pred += ((self.user_factors(user) + history) * self.item_factors(item)).sum(dim=1, keepdim=True)
        return pred.squeeze()


class Ratings(Dataset):
    def __init__(self, users, items, ratings):
        self.users, self.items, self.ratings = users, items, ratings

    def __len__(self):
        return len(self.ratings)

    def __getitem__(self, idx):
        return self.users[idx], self.items[idx], self.ratings[idx]


class Both(nn.Module):
    def __init__(self):
        super().__init__()
        self.skip = SkipGramModel(9, 4)
        self.mf = MatrixFactorization(4, 9)


def make():
    return Both()


def data(rng):
    return [
        rng.integers(0, 9, 6), rng.integers(0, 9, 6), rng.integers(0, 9, (6, 3)),
        rng.integers(0, 4, 6), rng.uniform(1, 5, 6), rng.integers(0, 9, 13),
    ]  # fmt: skip


def loss(model, pos_u, pos_v, neg_v, users, ratings, seen):
    offsets = torch.tensor([0, 2, 5, 6, 8, 12])
    prediction = model.mf(users, pos_v, seen, offsets)
    assert model.mf.bags(neg_v).shape == (6, 3)
    return model.skip(pos_u, pos_v, neg_v) + nn.MSELoss()(prediction, ratings)


def train(model, pos_u, pos_v, neg_v, users, ratings, seen):
    loader = DataLoader(Ratings(users, pos_v, ratings), batch_size=4, shuffle=False)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 4)
    found = []
    for epoch in range(2):
        running_loss = 0.0
        for user, item, rating in loader:
            optimizer.zero_grad()
            prediction = model.mf(user, item, seen, torch.arange(len(user)) * 2)
            value = F.mse_loss(prediction, rating) + 0.01 * model.mf.item_factors.weight.norm()
            value.backward()
            optimizer.step()
            running_loss += value.item() * user.size(0)
        scheduler.step()
        found.append(running_loss)
    return found
