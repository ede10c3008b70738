"""Points in no order: shared layers, a learnt transform, the maximum over points, its regulariser."""

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.nn.parallel
import torch.utils.data
from torch.autograd import Variable


class STN3d(nn.Module):
    def __init__(self):
        super(STN3d, self).__init__()
        self.conv1 = torch.nn.Conv1d(3, 4, 1)
        self.conv2 = torch.nn.Conv1d(4, 8, 1)
        self.fc1 = nn.Linear(8, 6)
        self.fc3 = nn.Linear(6, 9)
        self.relu = nn.ReLU()
        self.bn1 = nn.BatchNorm1d(4)
        self.bn4 = nn.BatchNorm1d(6)

    def forward(self, x):
        batchsize = x.size()[0]
        x = F.relu(self.bn1(self.conv1(x)))
        x = F.relu(self.conv2(x))
        x = torch.max(x, dim=2, keepdim=True)[0]
        x = x.view(-1, 8)
        x = F.relu(self.bn4(self.fc1(x)))
        x = self.fc3(x)
        iden = (
            Variable(torch.from_numpy(np.array([1, 0, 0, 0, 1, 0, 0, 0, 1]).astype(np.float64)))
            .view(1, 9)
            .repeat_interleave(batchsize, dim=0)
        )
        if x.is_cuda:
            iden = iden.cuda()
        x = x + iden
        x = x.view(-1, 3, 3)
        return x


class PointNetfeat(nn.Module):
    def __init__(self, global_feat=True):
        super(PointNetfeat, self).__init__()
        self.stn = STN3d()
        self.conv1 = torch.nn.Conv1d(3, 4, 1)
        self.conv2 = torch.nn.Conv1d(4, 8, 1)
        self.bn1 = nn.BatchNorm1d(4)
        self.bn2 = nn.BatchNorm1d(8)
        self.global_feat = global_feat

    def forward(self, x):
        n_pts = x.size()[2]
        trans = self.stn(x)
        x = x.transpose(2, 1)
        x = torch.bmm(x, trans)
        x = x.transpose(2, 1)
        x = F.relu(self.bn1(self.conv1(x)))
        pointfeat = x
        x = self.bn2(self.conv2(x))
        x = torch.max(x, dim=2, keepdim=True)[0]
        x = x.view(-1, 8)
        if self.global_feat:
            return x, trans
        x = x.view(-1, 8, 1).expand(-1, -1, n_pts)
        return torch.cat([x, pointfeat], 1), trans


class PointNetDenseCls(nn.Module):
    def __init__(self, k=2):
        super(PointNetDenseCls, self).__init__()
        self.k = k
        self.feat = PointNetfeat(global_feat=False)
        self.conv1 = torch.nn.Conv1d(12, 6, 1)
        self.conv4 = torch.nn.Conv1d(6, self.k, 1)
        self.bn1 = nn.BatchNorm1d(6)

    def forward(self, x):
        batchsize = x.size()[0]
        n_pts = x.size()[2]
        x, trans = self.feat(x)
        x = F.relu(self.bn1(self.conv1(x)))
        x = self.conv4(x)
        x = x.transpose(2, 1).contiguous()
        x = F.log_softmax(x.view(-1, self.k), dim=-1)
        x = x.view(batchsize, n_pts, self.k)
        return x, trans


def feature_transform_regularizer(trans):
    d = trans.size()[1]
    I = torch.eye(d)[None, :, :]
    if trans.is_cuda:
        I = I.cuda()
    return torch.mean(torch.norm(torch.bmm(trans, trans.transpose(2, 1)) - I, dim=(1, 2)))


def make():
    return PointNetDenseCls(k=3)


def data(rng):
    return [rng.normal(size=(4, 3, 6)), rng.integers(0, 3, (4, 6))]


def loss(model, points, target):
    pred, trans = model(points)
    pred = pred.view(-1, 3)
    target = target.view(-1, 1)[:, 0]
    pred_choice = pred.data.max(dim=1)[1]
    correct = pred_choice.eq(target.data).cpu().sum()
    assert 0 <= correct.item() <= 24
    return F.nll_loss(pred, target) + feature_transform_regularizer(trans) * 0.001


def train(model, points, target):
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01, betas=(0.9, 0.999))
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)
    found = []
    for epoch in range(3):
        optimizer.zero_grad()
        model = model.train()
        value = loss(model, points, target)
        value.backward()
        optimizer.step()
        scheduler.step()
        found.append(value.item())
    model = model.eval()
    found.append(loss(model, points, target).item())
    model.train()
    return found
