"""What lifetimes needs for the work of `benches/clv.rs`, on the population that it wrote.

Prints one line of JSON with the same keys. The CPU time of imports and of reading is not counted.
"""

import json
import resource
import sys
import time

import pandas
from lifetimes import BetaGeoFitter, GammaGammaFitter

table = pandas.read_csv(sys.argv[1])
x, tx, age, spend = table["x"], table["t_x"], table["T"], table["spend"]
# The amounts are those that the population was made with: their fit is not measured.
amounts = GammaGammaFitter()
amounts.params_ = pandas.Series({"p": 6.25, "q": 3.744, "v": 15.44})

start = time.process_time()
model = BetaGeoFitter()
model.fit(x, tx, age)
fitted = time.process_time()
alive = model.conditional_probability_alive(x, tx, age)
expected = model.conditional_expected_number_of_purchases_up_to_time(52, x, tx, age)
value = amounts.customer_lifetime_value(
    model, x, tx, age, spend, time=12, discount_rate=0.01, freq="W"
)
scored = time.process_time()

json.dump(
    {
        "customers": len(table),
        "params": [float(model.params_[name]) for name in ("r", "alpha", "a", "b")],
        "log_likelihood": float(
            -model._negative_log_likelihood(
                [__import__("numpy").log(float(p)) for p in model.params_],
                x.values, tx.values, age.values, x.values * 0 + 1, 0.0,
            ) * len(table)
        ),
        "fit_cpu_s": fitted - start,
        "score_cpu_s": scored - fitted,
        "peak_rss_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "sum_alive": float(alive.sum()),
        "sum_expected_52": float(expected.sum()),
        "sum_value": float(value.sum()),
    },
    sys.stdout,
)
