#!/usr/bin/env python3
"""Opponents of `bench sampler`: an ONNX file in ONNX Runtime or OpenVINO, driven like peer.py.

  python runtimes.py onnxruntime|openvino FILE.onnx

The file is one that `export --to FILE.onnx` writes. Needs numpy and onnxruntime or openvino; not part
of the build. Both get the threads of the other side, float32, and otherwise their own defaults.
"""
import json
import sys
import time

import numpy as np


class OnnxRuntime:
    def __init__(self, file, threads):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self.session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
        self.version = "onnxruntime " + onnxruntime.__version__

    def inputs(self):
        return {value.name: value.shape for value in self.session.get_inputs()}

    def __call__(self, feeds):
        return self.session.run(None, feeds)[0]


class OpenVino:
    def __init__(self, file, threads):
        import openvino

        core = openvino.Core()
        core.set_property("CPU", {"INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": "f32"})
        self.model = core.read_model(file)
        self.core = core
        self.compiled = {}
        self.version = "openvino " + openvino.__version__

    def inputs(self):
        return {value.any_name: value.partial_shape for value in self.model.inputs}

    def __call__(self, feeds):
        # One network for each batch: static shapes are its faster form.
        key = tuple(value.shape for value in feeds.values())
        if key not in self.compiled:
            self.model.reshape({name: list(value.shape) for name, value in feeds.items()})
            self.compiled[key] = self.core.compile_model(self.model, "CPU").create_infer_request()
        request = self.compiled[key]
        request.infer(feeds)
        return request.get_output_tensor(0).data


class Peer:
    def __init__(self, runtime, file):
        self.kind = {"onnxruntime": OnnxRuntime, "openvino": OpenVino}[runtime]
        self.file = file

    def open(self, model, threads, **ignored):
        with open(model + "/config.json") as config:
            self.config = json.load(config)
        self.net = self.kind(self.file, threads)
        return {"runtime": self.net.version, "threads": threads}

    def sampler(self, batch, seconds):
        """One Euler step of a batch after the other."""
        size = self.config["sample_size"]
        channels = self.config["in_channels"]
        x = np.random.default_rng(1).standard_normal((batch, channels, size, size), dtype=np.float32)
        feeds = {"x": x, "t": np.full(batch, 8, np.float32)}
        if "classes" in self.net.inputs():
            feeds["classes"] = np.zeros(batch, np.int64)
        out = self.config["out_channels"]

        def turn():
            x[:, :out] += np.float32(1e-3) * self.net(feeds)

        turn()
        turn()
        start = time.perf_counter()
        turns = 0
        while True:
            turn()
            turns += 1
            took = time.perf_counter() - start
            if took >= seconds:
                return {"images": turns * batch, "seconds": took, "peakBytes": peak_bytes()}


def peak_bytes():
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0


def main():
    peer = Peer(sys.argv[1], sys.argv[2])
    for line in sys.stdin:
        words = json.loads(line)
        answer = getattr(peer, words.pop("do"))(**words)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
