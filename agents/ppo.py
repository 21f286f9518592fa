"""PPO with everything on the device: worlds, observations, policy and learning never leave it.

    python -m agents.ppo --scenario cut-in-wet-motorway --num-envs 1024 --steps 5000000 --out runs/ppo

Proximal policy optimisation (Schulman et al. 2017) with generalised advantage estimation (Schulman et al. 2016).
One file, read top to bottom.
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import torch
from torch import nn
from torch.distributions import Normal
from torch.utils.tensorboard import SummaryWriter

from agents.options import WorldOptions, option, parse_options
from sim.envs.vector_env import SwerveVectorEnv
from sim.errors import told_plainly


@dataclass
class Args(WorldOptions):
    """Settings of a run; each is an option of the command."""

    draws: int = option(8, "draws per world that its episodes cycle through")
    steps: int = option(300_000, "decisions of all worlds together")
    horizon: int = option(64, "decisions per world between updates")
    epochs: int = option(4, "passes over each batch")
    minibatches: int = option(4, "parts of each batch")
    learning_rate: float = option(3e-4, "step size of Adam at the start; it falls linearly to zero")
    gae_lambda: float = option(0.95, "weight lambda of generalised advantage estimation, 0 to 1")
    clip: float = option(0.2, "how far the probability ratio may leave 1")
    entropy: float = option(0.003, "weight of the entropy bonus")
    value: float = option(0.5, "weight of the value loss")
    max_grad_norm: float = option(0.5, "length that gradients are cut to")
    out: str = option("runs/ppo", "folder for policy and TensorBoard logs")
    device: str = option("", "cpu or cuda; default: cuda if there is one")


parse_args = partial(parse_options, Args, __doc__)
"""Settings from the words of a command line; None: this process's."""


def layer(inputs: int, outputs: int, gain: float = 2**0.5) -> nn.Linear:
    """A linear layer with orthogonal weights."""
    linear = nn.Linear(inputs, outputs)
    nn.init.orthogonal_(linear.weight, gain)
    nn.init.zeros_(linear.bias)
    return linear


class Agent(nn.Module):
    """Gaussian policy and value function of a `state` observation (n, nobs)."""

    def __init__(self, observation_size: int, action_size: int) -> None:
        super().__init__()
        self.actor = nn.Sequential(
            layer(observation_size, 128), nn.Tanh(), layer(128, 128), nn.Tanh(), layer(128, action_size, 0.01)
        )
        self.critic = nn.Sequential(
            layer(observation_size, 128), nn.Tanh(), layer(128, 128), nn.Tanh(), layer(128, 1, 1.0)
        )
        self.log_std = nn.Parameter(torch.full((action_size,), -0.7))

    def policy(self, obs: torch.Tensor) -> Normal:
        """Distribution over actions."""
        return Normal(self.actor(obs), self.log_std.exp())

    def value(self, obs: torch.Tensor) -> torch.Tensor:
        """Expected return (n,)."""
        return self.critic(obs).squeeze(-1)


def advantages(
    rewards: torch.Tensor,
    values: torch.Tensor,
    next_values: torch.Tensor,
    ended: torch.Tensor,
    terminated: torch.Tensor,
    args: Args,
) -> torch.Tensor:
    """Generalised advantages (horizon, n); a truncated episode is bootstrapped from its last observation."""
    out = torch.zeros_like(rewards)
    running = torch.zeros_like(rewards[0])
    for t in reversed(range(len(rewards))):
        delta = rewards[t] + args.gamma * next_values[t] * ~terminated[t] - values[t]
        running = delta + args.gamma * args.gae_lambda * ~ended[t] * running
        out[t] = running
    return out


def train(args: Args) -> Path:
    """Train and save; returns the policy's path."""
    device = args.device or ("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(args.seed)
    env = SwerveVectorEnv(
        args.num_envs,
        args.scenario.split(),
        xp="torch",
        device=device if device == "cpu" else "cuda:0",
        draws=args.draws,
    )
    obs, _ = env.reset(seed=args.seed)
    agent = Agent(obs.shape[1], 2).to(device)
    optimizer = torch.optim.Adam(agent.parameters(), args.learning_rate, eps=1e-5)
    out = Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    (out / "settings.json").write_text(json.dumps(asdict(args), indent=2))
    writer = SummaryWriter(str(out))
    done_steps, started = 0, time.perf_counter()
    while done_steps < args.steps:
        optimizer.param_groups[0]["lr"] = args.learning_rate * (1 - done_steps / args.steps)
        batch, obs, episodes = collect(env, agent, obs, args)
        update(agent, optimizer, batch, args)
        done_steps += args.horizon * args.num_envs
        speed = done_steps / (time.perf_counter() - started)
        writer.add_scalar("steps_per_second", speed, done_steps)
        writer.add_scalar("success", episodes[1] / max(episodes[0], 1), done_steps)
        print(
            f"{done_steps} steps, {speed:.0f}/s, {episodes[0]} episodes, success {episodes[1] / max(episodes[0], 1):.2f}",
            flush=True,
        )
    torch.save(agent.state_dict(), out / "agent.pt")
    writer.close()
    return out / "agent.pt"


@torch.no_grad()
def collect(
    env: SwerveVectorEnv, agent: Agent, obs: torch.Tensor, args: Args
) -> tuple[dict[str, torch.Tensor], torch.Tensor, tuple[int, int]]:
    """Drive ``horizon`` decisions in every world; returns the batch, the next observation, (episodes, successes)."""
    steps: dict[str, list[torch.Tensor]] = {
        k: [] for k in ("obs", "action", "log_prob", "reward", "value", "next_value", "ended", "terminated")
    }
    episodes = torch.zeros(2, device=obs.device)
    for _ in range(args.horizon):
        policy = agent.policy(obs)
        action = policy.sample()
        next_obs, reward, terminated, truncated, info = env.step(action)
        ended = terminated | truncated
        last = torch.where(ended[:, None], info["final_obs"], next_obs)
        for key, tensor in (
            ("obs", obs), ("action", action), ("log_prob", policy.log_prob(action).sum(-1)), ("reward", reward),
            ("value", agent.value(obs)), ("next_value", agent.value(last)), ("ended", ended), ("terminated", terminated),
        ):  # fmt: skip
            steps[key].append(tensor)
        episodes += torch.stack([ended.sum(), (info["success"] & ended).sum()])
        obs = next_obs
    batch = {key: torch.stack(tensors) for key, tensors in steps.items()}
    batch["advantage"] = advantages(
        batch["reward"], batch["value"], batch["next_value"], batch["ended"], batch["terminated"], args
    )
    batch["return"] = batch["advantage"] + batch["value"]
    count, successes = episodes.tolist()
    return {k: v.flatten(0, 1) for k, v in batch.items()}, obs, (int(count), int(successes))


def update(agent: Agent, optimizer: torch.optim.Optimizer, batch: dict[str, torch.Tensor], args: Args) -> None:
    """Clipped policy and value updates over the batch."""
    n = len(batch["obs"])
    for _ in range(args.epochs):
        for index in torch.randperm(n, device=batch["obs"].device).chunk(args.minibatches):
            policy = agent.policy(batch["obs"][index])
            ratio = (policy.log_prob(batch["action"][index]).sum(-1) - batch["log_prob"][index]).exp()
            advantage = batch["advantage"][index]
            advantage = (advantage - advantage.mean()) / (advantage.std() + 1e-8)
            surrogate = torch.minimum(ratio * advantage, ratio.clamp(1 - args.clip, 1 + args.clip) * advantage)
            value_loss = (agent.value(batch["obs"][index]) - batch["return"][index]).square().mean()
            loss = -surrogate.mean() + args.value * value_loss - args.entropy * policy.entropy().sum(-1).mean()
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(agent.parameters(), args.max_grad_norm)
            optimizer.step()


if __name__ == "__main__":
    with told_plainly():
        print(train(parse_args()))
