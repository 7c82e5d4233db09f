#!/usr/bin/env python3
"""The opponent of `bench training` and `bench sampler`: the same network, weights and batch in plain
PyTorch and diffusers.

It is driven line by line, so that both sides take turns on the same machine: each line on standard
input is a JSON object, each answer a line of JSON on standard output.

  {"do": "open", "model": FOLDER, "threads": N, "device": "cpu", "precision": "float32",
   "channelsLast": false, "compile": false}
  {"do": "training", "batch": N, "seconds": S}   -> {"images": n, "seconds": s, "peakBytes": b}
  {"do": "sampler", "batch": N, "seconds": S}    -> the same; images are images times steps

Needs torch and diffusers; not part of the build. With `--compile` the network is compiled by inductor.
"""
import json
import sys
import time

import torch
from diffusers import UNet2DModel


def peak_bytes():
    """Most memory that this process has had resident since the last reset."""
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0


def reset_peak():
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")


class Peer:
    def open(self, model, threads, device="cpu", precision="float32", channelsLast=False, compile=False):
        torch.set_num_threads(threads)
        torch.manual_seed(1)
        self.device = torch.device(device)
        self.autocast = precision == "bf16"
        self.net = UNet2DModel.from_pretrained(model).to(self.device)
        with open(model + "/model.json") as card:
            self.scale = json.load(card)["timestepScale"]
        self.format = torch.channels_last if channelsLast else torch.contiguous_format
        self.net = self.net.to(memory_format=self.format)
        self.call = torch.compile(self.net) if compile or "--compile" in sys.argv else self.net
        self.trainer = None
        return {"torch": torch.__version__, "threads": torch.get_num_threads()}

    def pictures(self, batch):
        config = self.net.config
        size = config.sample_size
        x = torch.randn(batch, config.out_channels, size, size, device=self.device)
        return x.contiguous(memory_format=self.format)

    def labels(self, batch):
        if self.net.config.num_class_embeds is None:
            return None
        return torch.zeros(batch, dtype=torch.long, device=self.device)

    def evaluate(self, x, alpha, labels):
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.autocast):
            return self.call(x, alpha * self.scale, class_labels=labels).sample

    def synchronize(self):
        if self.device.type == "cuda":
            torch.cuda.synchronize()

    def timed(self, batch, seconds, turn):
        turn()
        turn()
        self.synchronize()
        reset_peak()
        start = time.perf_counter()
        turns = 0
        while True:
            turn()
            self.synchronize()
            turns += 1
            took = time.perf_counter() - start
            if took >= seconds:
                return {"images": turns * batch, "seconds": took, "peakBytes": peak_bytes()}

    def training(self, batch, seconds):
        """The paper's loop: blend, direction, squared error, Adam; and a moving average, as ours."""
        if self.trainer is None:
            self.net.train()
            weights = list(self.net.parameters())
            average = [w.detach().clone() for w in weights]
            self.trainer = (torch.optim.Adam(weights, lr=1e-6), weights, average)
        adam, weights, average = self.trainer
        labels = self.labels(batch)

        def turn():
            x1, x0 = self.pictures(batch), self.pictures(batch)
            alpha = torch.rand(batch, device=self.device)
            a = alpha.view(-1, 1, 1, 1)
            d = self.evaluate((1 - a) * x0 + a * x1, alpha, labels)
            loss = torch.mean((d - (x1 - x0)) ** 2)
            adam.zero_grad()
            loss.backward()
            adam.step()
            with torch.no_grad():
                torch._foreach_lerp_(average, weights, 0.001)
            loss.item()

        return self.timed(batch, seconds, turn)

    def sampler(self, batch, seconds):
        """One Euler step of a batch after the other."""
        self.net.eval()
        labels = self.labels(batch)
        x = self.pictures(batch)
        alpha = torch.full((batch,), 0.5, device=self.device)

        @torch.inference_mode()
        def turn():
            x.add_(self.evaluate(x, alpha, labels), alpha=1e-3)

        return self.timed(batch, seconds, turn)


def main():
    peer = Peer()
    for line in sys.stdin:
        words = json.loads(line)
        answer = getattr(peer, words.pop("do"))(**words)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
