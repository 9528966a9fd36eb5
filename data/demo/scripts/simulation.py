"""Take longer than its report allows."""

import time

for step in range(1, 61):
    print(f"step {step} of 60", flush=True)
    time.sleep(1)
