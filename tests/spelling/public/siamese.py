"""Pairs of images: contrastive loss, triplets, and NT-Xent over two views."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn, optim


class ContrastiveLoss(torch.nn.Module):
    def __init__(self, margin=2.0):
        super(ContrastiveLoss, self).__init__()
        self.margin = margin

    def forward(self, output1, output2, label):
        euclidean_distance = F.pairwise_distance(output1, output2, keepdim=True)
        return torch.mean(
            (1 - label) * torch.pow(euclidean_distance, 2)
            + (label) * torch.pow(torch.clamp(self.margin - euclidean_distance, min=0.0), 2)
        )


class NTXentLoss(nn.Module):
    def __init__(self, temperature=0.5):
        super().__init__()
        self.temperature = temperature

    def forward(self, z_i, z_j):
        batch_size = z_i.size(0)
        z = torch.cat([F.normalize(z_i, dim=1), F.normalize(z_j, dim=1)], dim=0)
        similarity_matrix = F.cosine_similarity(z.unsqueeze(1), z.unsqueeze(0), dim=2)
        mask = torch.eye(2 * batch_size, dtype=torch.bool)
        labels = torch.cat([torch.arange(batch_size) for i in range(2)], dim=0)
        labels = (labels.unsqueeze(0) == labels.unsqueeze(1)).float()
        labels = labels[~mask].view(labels.shape[0], -1)
        similarity_matrix = similarity_matrix[~mask].view(similarity_matrix.shape[0], -1)
        positives = similarity_matrix[labels.bool()].view(labels.shape[0], -1)
        negatives = similarity_matrix[~labels.bool()].view(similarity_matrix.shape[0], -1)
        logits = torch.cat([positives, negatives], dim=1) / self.temperature
        return F.cross_entropy(logits, torch.zeros(logits.shape[0], dtype=torch.long))


class SiameseNetwork(nn.Module):
    def __init__(self):
        super(SiameseNetwork, self).__init__()
        self.cnn1 = nn.Sequential(
            nn.ReflectionPad2d(1),
            nn.Conv2d(1, 4, kernel_size=3),
            nn.ReLU(inplace=True),
            nn.BatchNorm2d(4),
            nn.Dropout2d(p=0.0),
            nn.ReflectionPad2d(1),
            nn.Conv2d(4, 4, kernel_size=3, stride=2),
            nn.ReLU(inplace=True),
            nn.BatchNorm2d(4),
        )
        self.fc1 = nn.Sequential(nn.Linear(4 * 3 * 3, 8), nn.ReLU(inplace=True), nn.Linear(8, 5))

    def forward_once(self, x):
        output = self.cnn1(x)
        output = output.view(output.size()[0], -1)
        return self.fc1(output)

    def forward(self, input1, input2, input3=None):
        if input3 is None:
            return self.forward_once(input1), self.forward_once(input2)
        return self.forward_once(input1), self.forward_once(input2), self.forward_once(input3)


def make():
    return SiameseNetwork()


def data(rng):
    return [*rng.normal(size=(3, 4, 1, 6, 6)), rng.integers(0, 2, (4, 1)).astype(np.float64)]


def loss(model, anchor, positive, negative, label):
    a, p, n = model(anchor, positive, negative)
    triplet = nn.TripletMarginLoss(margin=1.0, p=2, swap=True)(a, p, n)
    custom = nn.TripletMarginWithDistanceLoss(
        distance_function=lambda x, y: 1.0 - F.cosine_similarity(x, y)
    )(a, p, n)
    cosine = nn.CosineEmbeddingLoss(margin=0.2)(a, n, label.squeeze(1) * 2 - 1)
    return ContrastiveLoss()(a, p, label) + triplet + custom + cosine + NTXentLoss()(a, p)


def train(model, anchor, positive, negative, label):
    optimizer = optim.RMSprop(model.parameters(), lr=1e-3, alpha=0.99, eps=1e-8, weight_decay=0.0005, momentum=0.9)
    counter, loss_history = [], []
    for epoch in range(0, 3):
        for i, batch in enumerate([(anchor, positive, negative, label)]):
            optimizer.zero_grad()
            value = loss(model, *batch)
            value.backward()
            optimizer.step()
            counter.append(epoch * 10 + i)
            loss_history.append(value.item())
    with torch.no_grad():
        distances = F.pairwise_distance(*model(anchor, positive)).cpu().numpy()
    return [*loss_history, float(np.mean(distances))]
