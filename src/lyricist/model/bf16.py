"""Training with bfloat16 matrix products, which CPUs with AVX-512 BF16 or AMX compute twice as fast as float32.

Only the factors of matrix products are rounded (to 8 bits; the products are summed in float32). Weights, cell states,
gates, log-sum-exp, sums of gradients over time and the optimiser stay float32. PyTorch's own LSTM and its autocast do
not use these instructions on a CPU. T time steps, B streams, I inputs, H hidden, N rows, S words.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from lyricist.errors import InputError

BF16 = torch.bfloat16
ROWS = 256  # of logits at a time, so that they stay in the cache
sigmoid_gradient = torch.ops.aten.sigmoid_backward.grad_input
tanh_gradient = torch.ops.aten.tanh_backward.grad_input

Grads = tuple[Tensor | None, ...]


def precision_on(device: torch.device, asked: str) -> str:
    """ "float32" or "bfloat16"; "auto" is the faster one. Raises `InputError` for bfloat16 on anything but a CPU."""
    if asked == "bfloat16" and device.type != "cpu":
        raise InputError(f"--precision bfloat16 is for training on a CPU, and this is {device.type}: leave it out")
    if asked != "auto":
        return asked
    return "bfloat16" if device.type == "cpu" and cpu_multiplies_bfloat16() else "float32"


def cpu_multiplies_bfloat16() -> bool:
    """Whether this PyTorch reports AVX-512 BF16 or AMX."""
    checks = (getattr(torch.cpu, f"_is_{name}_supported", None) for name in ("avx512_bf16", "amx_tile"))
    return any(check is not None and check() for check in checks)


# -- products -----------------------------------------------------------------------------------


class Linear(torch.autograd.Function):
    """x (N, I), weight (O, I), bias (O) -> (N, O)."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        x, weight = x.to(BF16), weight.to(BF16)
        ctx.save_for_backward(x, weight)
        return (x @ weight.t()).float().add_(bias)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> Grads:
        x, weight = ctx.saved_tensors
        low = grad.to(BF16)
        return (low @ weight).float(), (low.t() @ x).float(), grad.sum(0)


def linear(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """`F.linear` over the last axis: (*, I), (O, I), (O) -> (*, O), float32."""
    y: Tensor = Linear.apply(x.flatten(0, -2), weight, bias)  # type: ignore[no-untyped-call]
    return y.view(*x.shape[:-1], -1)


class LogSumExp(torch.autograd.Function):
    """The log of the softmax's denominator; keeps the rounded softmax (N, S) for the backward pass."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, without: Tensor) -> Tensor:
        x, weight = x.to(BF16), weight.to(BF16)
        shares = x.new_empty(len(x), len(weight))
        sums = bias.new_empty(len(x))
        for i in range(0, len(x), ROWS):
            rows = slice(i, i + ROWS)
            logits = torch.mm(x[rows], weight.t(), out=shares[rows]).float().add_(bias)
            masked = (without[rows] >= 0).nonzero().squeeze(1)
            logits[masked, without[rows][masked]] = -torch.inf
            top = logits.amax(1, keepdim=True)
            total = logits.sub_(top).exp_().sum(1, keepdim=True)
            shares[rows] = logits.div_(total)
            sums[rows] = total.log_().add_(top).squeeze(1)
        ctx.save_for_backward(x, weight, shares)
        return sums

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> Grads:
        x, weight, shares = ctx.saved_tensors
        grad = grad.unsqueeze(1)
        weighted = (x * grad).to(BF16)
        to_bias = (shares.t() @ grad.to(BF16)).squeeze(1)
        return (shares @ weight).float().mul_(grad), (shares.t() @ weighted).float(), to_bias.float(), None


def log_sum_exp(x: Tensor, weight: Tensor, bias: Tensor, without: Tensor) -> Tensor:
    """log sum_s exp(x_n . w_s + b_s) over all s but `without[n]` (-1: none): (N, E), (S, E), (S), (N) -> (N)."""
    return LogSumExp.apply(x, weight, bias, without)  # type: ignore[no-any-return, no-untyped-call]


# -- the recurrent layer --------------------------------------------------------------------------


class LSTM(torch.autograd.Function):
    """One layer over T steps, gates in PyTorch's order i, f, g, o, with explicit backpropagation through time."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, h: Tensor, c: Tensor, w_ih: Tensor, w_hh: Tensor, bias: Tensor
    ) -> tuple[Tensor, Tensor]:
        steps, batch, size = len(x), len(h), h.shape[1]
        rows, w_ih, w_hh = x.flatten(0, 1).to(BF16), w_ih.to(BF16), w_hh.to(BF16)
        gates_in = torch.addmm(bias.to(BF16), rows, w_ih.t()).view(steps, batch, -1)
        hidden = rows.new_empty(steps + 1, batch, size)  # h before and after each step, as the products read it
        gates, cells = bias.new_empty(steps, batch, 4 * size), bias.new_empty(steps + 1, batch, size)
        y, squashed = bias.new_empty(steps, batch, size), bias.new_empty(steps, batch, size)
        hidden[0], cells[0] = h, c
        into, w = torch.empty_like(gates_in[0]), w_hh.t()
        for t in range(steps):
            gates[t] = torch.addmm(gates_in[t], hidden[t], w, out=into)
            step_forward(gates[t], cells[t], cells[t + 1], squashed[t], y[t])
            hidden[t + 1] = y[t]
        ctx.save_for_backward(rows, w_ih, w_hh, hidden, gates, cells, squashed)
        return y, cells[-1].clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_y: Tensor, grad_c: Tensor) -> Grads:
        rows, w_ih, w_hh, hidden, gates, cells, squashed = ctx.saved_tensors
        steps, batch, size = grad_y.shape
        dc, dh, back = grad_c.clone(), torch.zeros_like(grad_c), hidden.new_empty(batch, size)
        low, high, spare = hidden.new_empty(gates.shape), torch.empty_like(gates[0]), torch.empty_like(dc)
        bias = torch.zeros_like(gates[0])
        for t in reversed(range(steps)):
            dh.add_(grad_y[t])
            step_backward(gates[t], cells[t], squashed[t], dh, dc, high, spare)
            low[t] = high
            bias.add_(high)
            dh.copy_(torch.mm(low[t], w_hh, out=back))
        flat = low.flatten(0, 1)
        to_x = (flat @ w_ih).float().view(steps, batch, -1) if ctx.needs_input_grad[0] else None
        to_hh = flat.t() @ hidden[:-1].flatten(0, 1)
        return to_x, dh, dc, (flat.t() @ rows).float(), to_hh.float(), bias.sum(0)


def parts(gates: Tensor) -> Sequence[Tensor]:
    return gates.chunk(4, 1)


def step_forward(gates: Tensor, c: Tensor, c_new: Tensor, squashed: Tensor, y: Tensor) -> None:
    """Apply the activations to `gates` (B, 4H) in place and fill c_new, squashed = tanh(c_new) and y, each (B, H)."""
    i, f, g, o = parts(gates)
    gates[:, : 2 * i.shape[1]].sigmoid_()
    g.tanh_()
    o.sigmoid_()
    torch.mul(f, c, out=c_new).addcmul_(i, g)
    torch.tanh(c_new, out=squashed)
    torch.mul(o, squashed, out=y)


def step_backward(
    gates: Tensor, c: Tensor, squashed: Tensor, dh: Tensor, dc: Tensor, out: Tensor, spare: Tensor
) -> None:
    """Write the gradient before the activations to `out` (B, 4H); `dc` (B, H) becomes that of the previous cell."""
    i, f, g, o = parts(gates)
    to_i, to_f, to_g, to_o = parts(out)
    torch.mul(dh, o, out=spare)
    dc.add_(tanh_gradient(spare, squashed, grad_input=spare))
    for other, squash, gate, to in (
        (g, sigmoid_gradient, i, to_i),
        (c, sigmoid_gradient, f, to_f),
        (i, tanh_gradient, g, to_g),
    ):
        squash(torch.mul(dc, other, out=spare), gate, grad_input=to)
    sigmoid_gradient(torch.mul(dh, squashed, out=spare), o, grad_input=to_o)
    dc.mul_(f)


def lstm(
    x: Tensor, state: tuple[Tensor, ...], w_ih: Tensor, w_hh: Tensor, bias: Tensor
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """(T, B, I), (h, c) each (1, B, H), weights (4H, I) and (4H, H), bias (4H) -> (T, B, H), state; all float32."""
    y, c = LSTM.apply(x, state[0][0], state[1][0], w_ih, w_hh, bias)  # type: ignore[no-untyped-call]
    return y, (y[-1:], c.unsqueeze(0))
