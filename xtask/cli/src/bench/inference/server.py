"""llama.cpp's own server, for one model: says its address on stdout, and ends when its stdin does."""

import sys

import xllamacpp

model, slots, context, threads = sys.argv[1], *map(int, sys.argv[2:])

params = xllamacpp.CommonParams()
params.model.path = model
params.n_parallel = slots
params.n_ctx = slots * context
params.n_gpu_layers = 0
params.cpuparams.n_threads = threads
params.cpuparams_batch.n_threads = threads
params.hostnames = ["127.0.0.1"]
params.port = 0
# A prompt that it has seen before would cost it nothing.
params.cache_prompt = False
params.verbosity = -1

server = xllamacpp.Server(params)
print(server.listening_address, flush=True)
sys.stdin.read()
