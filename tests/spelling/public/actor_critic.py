"""REINFORCE with a baseline: Categorical policy, discounted returns, entropy bonus."""

from collections import namedtuple

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim
from torch.distributions import Categorical, Normal

SavedAction = namedtuple("SavedAction", ["log_prob", "value"])
eps = np.finfo(np.float32).eps.item()


class Policy(nn.Module):
    def __init__(self):
        super(Policy, self).__init__()
        self.affine1 = nn.Linear(4, 8)
        self.action_head = nn.Linear(8, 3)
        self.value_head = nn.Linear(8, 1)
        self.log_std = nn.Parameter(torch.zeros(2))
        self.mean_head = nn.Linear(8, 2)
        self.saved_actions = []
        self.rewards = []

    def forward(self, x):
        x = F.relu(self.affine1(x))
        action_prob = F.softmax(self.action_head(x), dim=-1)
        state_values = self.value_head(x)
        return action_prob, state_values, Normal(self.mean_head(x), self.log_std.exp())


def finish_episode(model, gamma=0.9):
    R = 0
    saved_actions = model.saved_actions
    policy_losses, value_losses, returns = [], [], []
    for r in model.rewards[::-1]:
        R = r + gamma * R
        returns.insert(0, R)
    returns = torch.tensor(returns)
    returns = (returns - returns.mean()) / (returns.std(correction=1) + eps)
    for (log_prob, value), R in zip(saved_actions, returns):
        advantage = R - value.item()
        policy_losses.append(-log_prob * advantage)
        value_losses.append(F.smooth_l1_loss(value, torch.tensor([R])))
    loss = torch.stack(policy_losses).sum() + torch.stack(value_losses).sum()
    del model.rewards[:]
    del model.saved_actions[:]
    return loss


def make():
    return Policy()


def data(rng):
    return [rng.normal(size=(5, 4)), rng.integers(0, 3, 5), rng.normal(size=(5, 2)), rng.normal(size=5)]


def loss(model, states, actions, moves, rewards):
    entropy = 0
    for state, action, move, reward in zip(states, actions, moves, rewards):
        probs, state_value, normal = model(state)
        m = Categorical(probs)
        assert m.sample().item() in (0, 1, 2)
        log_prob = m.log_prob(action) + normal.log_prob(move).sum(-1)
        model.saved_actions.append(SavedAction(log_prob, state_value))
        entropy = entropy + m.entropy() + normal.entropy().sum()
        model.rewards.append(reward.item())
    return finish_episode(model) - 0.01 * entropy


def train(model, *batch):
    optimizer = optim.Adam(model.parameters(), lr=3e-2)
    found = []
    for _ in range(3):
        optimizer.zero_grad()
        value = loss(model, *batch)
        value.backward()
        optimizer.step()
        found.append(value.item())
    return found
