"""Locust as it is quickest, for `cargo xtask bench load`: FastHttpUser, one request, no waiting."""

import os

from locust import FastHttpUser, constant, task


class Asker(FastHttpUser):
    wait_time = constant(0)
    path = os.environ["BENCH_PATH"]

    @task
    def ask(self):
        self.client.get(self.path)
