"""Capsules with dynamic routing: squash, agreement over iterations, margin loss, reconstruction."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.optim import Adam


class ConvLayer(nn.Module):
    def __init__(self, in_channels=1, out_channels=6, kernel_size=3):
        super(ConvLayer, self).__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, kernel_size=kernel_size, stride=1)

    def forward(self, x):
        return F.relu(self.conv(x))


class PrimaryCaps(nn.Module):
    def __init__(self, num_capsules=4, in_channels=6, out_channels=2, kernel_size=3):
        super(PrimaryCaps, self).__init__()
        self.capsules = nn.ModuleList(
            [
                nn.Conv2d(in_channels, out_channels, kernel_size=kernel_size, stride=2, padding=0)
                for _ in range(num_capsules)
            ]
        )

    def forward(self, x):
        u = [capsule(x) for capsule in self.capsules]
        u = torch.stack(u, dim=1)
        u = u.view(x.size(0), -1, 4)
        return self.squash(u)

    def squash(self, input_tensor):
        squared_norm = (input_tensor**2).sum(-1, keepdim=True)
        return squared_norm * input_tensor / ((1.0 + squared_norm) * torch.sqrt(squared_norm))


class DigitCaps(nn.Module):
    def __init__(self, num_capsules=3, num_routes=8, in_channels=4, out_channels=5):
        super(DigitCaps, self).__init__()
        self.in_channels = in_channels
        self.num_routes = num_routes
        self.num_capsules = num_capsules
        self.W = nn.Parameter(torch.randn(1, num_routes, num_capsules, out_channels, in_channels))

    def forward(self, x):
        batch_size = x.size(0)
        x = torch.stack([x] * self.num_capsules, dim=2).unsqueeze(4)
        W = torch.cat([self.W] * batch_size, dim=0)
        u_hat = torch.matmul(W, x)
        b_ij = torch.zeros(1, self.num_routes, self.num_capsules, 1)
        num_iterations = 3
        for iteration in range(num_iterations):
            c_ij = F.softmax(b_ij, dim=1)
            c_ij = torch.cat([c_ij] * batch_size, dim=0).unsqueeze(4)
            s_j = (c_ij * u_hat).sum(dim=1, keepdim=True)
            v_j = self.squash(s_j)
            if iteration < num_iterations - 1:
                a_ij = torch.matmul(
                    u_hat.transpose(3, 4), torch.cat([v_j] * self.num_routes, dim=1)
                )
                b_ij = b_ij + a_ij.squeeze(4).mean(dim=0, keepdim=True)
        return v_j.squeeze(1)

    def squash(self, input_tensor):
        squared_norm = (input_tensor**2).sum(-1, keepdim=True)
        return squared_norm * input_tensor / ((1.0 + squared_norm) * torch.sqrt(squared_norm))


class Decoder(nn.Module):
    def __init__(self):
        super(Decoder, self).__init__()
        self.reconstraction_layers = nn.Sequential(
            nn.Linear(5 * 3, 12), nn.ReLU(inplace=True), nn.Linear(12, 49), nn.Sigmoid()
        )

    def forward(self, x, data):
        classes = torch.sqrt((x**2).sum(2))
        classes = F.softmax(classes, dim=0)
        _, max_length_indices = classes.max(dim=1)
        masked = torch.eye(3)
        masked = masked.index_select(dim=0, index=max_length_indices.squeeze(1).data)
        t = (x * masked[:, :, None, None]).view(x.size(0), -1)
        reconstructions = self.reconstraction_layers(t)
        return reconstructions.view(-1, 1, 7, 7), masked


class CapsNet(nn.Module):
    def __init__(self):
        super(CapsNet, self).__init__()
        self.conv_layer = ConvLayer()
        self.primary_capsules = PrimaryCaps()
        self.digit_capsules = DigitCaps()
        self.decoder = Decoder()
        self.mse_loss = nn.MSELoss()

    def forward(self, data):
        output = self.digit_capsules(self.primary_capsules(self.conv_layer(data)))
        reconstructions, masked = self.decoder(output, data)
        return output, reconstructions, masked

    def loss(self, data, x, target, reconstructions):
        return self.margin_loss(x, target) + self.reconstruction_loss(data, reconstructions)

    def margin_loss(self, x, labels, size_average=True):
        batch_size = x.size(0)
        v_c = torch.sqrt((x**2).sum(dim=2, keepdim=True))
        left = F.relu(0.9 - v_c).view(batch_size, -1)
        right = F.relu(v_c - 0.1).view(batch_size, -1)
        loss = labels * left + 0.5 * (1.0 - labels) * right
        return loss.sum(dim=1).mean()

    def reconstruction_loss(self, data, reconstructions):
        loss = self.mse_loss(
            reconstructions.view(reconstructions.size(0), -1), data.view(reconstructions.size(0), -1)
        )
        return loss * 0.0005


def make():
    return CapsNet()


def data(rng):
    return [rng.uniform(size=(4, 1, 7, 7)), rng.integers(0, 3, 4)]


def loss(model, images, target):
    target = torch.eye(3).index_select(dim=0, index=target)
    output, reconstructions, masked = model(images)
    return model.loss(images, output, target, reconstructions)


def train(model, images, target):
    optimizer = Adam(model.parameters())
    found = []
    for _ in range(3):
        optimizer.zero_grad()
        value = loss(model, images, target)
        value.backward()
        optimizer.step()
        found.append(value.item())
    return found
