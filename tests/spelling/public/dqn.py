"""Deep Q-learning: replay memory, target network with soft updates, epsilon-greedy actions."""

import math
import random
from collections import deque, namedtuple

import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim

device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
Transition = namedtuple("Transition", ("state", "action", "next_state", "reward"))


class ReplayMemory:
    def __init__(self, capacity):
        self.memory = deque([], maxlen=capacity)

    def push(self, *args):
        self.memory.append(Transition(*args))

    def sample(self, batch_size):
        return random.sample(list(self.memory), batch_size)

    def __len__(self):
        return len(self.memory)


class DQN(nn.Module):
    def __init__(self, n_observations, n_actions):
        super(DQN, self).__init__()
        self.layer1 = nn.Linear(n_observations, 16)
        self.layer2 = nn.Linear(16, 16)
        self.layer3 = nn.Linear(16, n_actions)

    def forward(self, x):
        x = F.relu(self.layer1(x))
        x = F.relu(self.layer2(x))
        return self.layer3(x)


class Agent(nn.Module):
    GAMMA, TAU, BATCH_SIZE = 0.99, 0.05, 6
    EPS_START, EPS_END, EPS_DECAY = 0.9, 0.05, 1000

    def __init__(self):
        super().__init__()
        self.policy_net = DQN(3, 2).to(device)
        self.target_net = DQN(3, 2).to(device)
        self.target_net.load_state_dict(self.policy_net.state_dict())
        self.steps_done = 0

    def select_action(self, state):
        sample = random.random()
        eps = self.EPS_END + (self.EPS_START - self.EPS_END) * math.exp(-self.steps_done / self.EPS_DECAY)
        self.steps_done += 1
        if sample > eps:
            with torch.no_grad():
                return self.policy_net(state).max(dim=1).indices.view(1, 1)
        return torch.tensor([[random.randrange(2)]], device=device, dtype=torch.long)

    def q_loss(self, transitions):
        batch = Transition(*zip(*transitions))
        non_final_mask = torch.tensor(
            tuple(map(lambda s: s is not None, batch.next_state)), device=device, dtype=torch.bool
        )
        non_final_next_states = torch.cat([s for s in batch.next_state if s is not None])
        state_batch = torch.cat(batch.state)
        action_batch = torch.cat(batch.action)
        reward_batch = torch.cat(batch.reward)
        state_action_values = self.policy_net(state_batch).gather(1, action_batch)
        next_state_values = torch.zeros(len(transitions), device=device)
        with torch.no_grad():
            next_state_values[non_final_mask] = self.target_net(non_final_next_states).max(dim=1).values
        expected = (next_state_values * self.GAMMA) + reward_batch
        criterion = nn.SmoothL1Loss()
        return criterion(state_action_values, expected.unsqueeze(1))


def make():
    return Agent()


def data(rng):
    return [rng.normal(size=(9, 3)), rng.normal(size=(8,))]


def _episode(agent, states, rewards, memory):
    for k in range(len(rewards)):
        state = states[k].unsqueeze(0)
        action = agent.select_action(state)
        next_state = None if k % 4 == 3 else states[k + 1].unsqueeze(0)
        memory.push(state, action, next_state, rewards[k].view(1))


def loss(agent, states, rewards):
    random.seed(1)
    agent.steps_done = 0
    memory = ReplayMemory(10)
    _episode(agent, states, rewards, memory)
    return agent.q_loss(memory.sample(agent.BATCH_SIZE))


def train(agent, states, rewards):
    random.seed(2)
    optimizer = optim.AdamW(agent.policy_net.parameters(), lr=1e-2, amsgrad=True)
    memory, found = ReplayMemory(10), []
    for _ in range(4):
        _episode(agent, states, rewards, memory)
        value = agent.q_loss(memory.sample(agent.BATCH_SIZE))
        optimizer.zero_grad()
        value.backward()
        torch.nn.utils.clip_grad_value_(agent.policy_net.parameters(), 100)
        optimizer.step()
        target, policy = agent.target_net.state_dict(), agent.policy_net.state_dict()
        for key in policy:
            target[key] = policy[key] * agent.TAU + target[key] * (1 - agent.TAU)
        agent.target_net.load_state_dict(target)
        found.append(value.item())
    return found
