"""Splink over a table of people, with the settings that a careful user of it would choose.

Reads a CSV file, plain or gzipped, cleans it in SQL, trains without labels, predicts, clusters at
a match probability of 0.95 (or --threshold), and prints one JSON object: CPU seconds by step (user
and system of this process), the most memory, and pairwise precision, recall and F1 after
clustering against --truth, which takes no part in the rest.

Needs Splink 5 with DuckDB; `versus_splink.sh` beside this file installs it.
"""

import argparse
import json
import logging
import resource

import duckdb
import splink.comparison_level_library as cll
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

# What a column is called in the tables that this is run on.
NAMES = {
    "given": ["first_name", "given_name", "forename", "fname"],
    "family": ["last_name", "surname", "family_name", "lname"],
    "dob": ["dob", "date_of_birth", "birth_date"],
    "email": ["email", "email_address"],
    "phone": ["phone", "phone_number", "telephone"],
    "street": ["street", "address_1", "addr"],
    "city": ["city", "suburb", "town", "birth_place"],
    "postcode": ["postcode", "zip", "postal_code", "postcode_fake"],
    "company": ["company", "employer", "occupation"],
    "national_id": ["soc_sec_id", "ssn"],
}

# How each is cleaned; anything else is lower case without outer spaces.
CLEAN = {
    "phone": "right(regexp_replace({0}, '[^0-9]', '', 'g'), 9)",
    # Mailboxes of a function belong to nobody.
    "email": "case when regexp_matches(lower({0}), '^ *(info|sales|office|support|contact|admin|hello"
    "|billing|service|mail|team|noreply|no-reply|test|none)@') then null else lower(trim({0})) end",
    "postcode": "upper(regexp_replace({0}, '[^0-9A-Za-z]', '', 'g'))",
    "company": "trim(regexp_replace(lower({0}), '[^a-z0-9 ]', '', 'g'))",
}

# Pairs to compare: rules with a column that the table lacks are left out.
BLOCKS = [
    ["email"],
    ["national_id"],
    ["given", "family"],
    ["family", "dob"],
    ["given", "dob"],
    ["phone", "given"],
    ["phone", "family"],
    ["family", "postcode"],
    ["given", "postcode"],
    ["family", "street"],
    ["given", "street"],
    ["given", "company"],
]


def cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def one(connection, query):
    """The only value of an answer, read to its end, as DuckDB wants it."""
    return connection.execute(query).fetchall()[0][0]


def load(connection, path, truth):
    """Makes the table `people` and says which of the columns of NAMES it has."""
    connection.execute(
        "create table raw as select row_number() over () as unique_id, *"
        " from read_csv(?, header = true, all_varchar = true)",
        [path],
    )
    there = {name.lower(): name for (name, *_) in connection.execute("describe raw").fetchall()}
    columns = {}
    for role, names in NAMES.items():
        found = next((there[name] for name in names if name in there), None)
        if found:
            columns[role] = found
    parts = []
    for role, column in columns.items():
        cleaned = CLEAN.get(role, "lower(trim({0}))").format(quoted(column))
        parts.append(f"nullif({cleaned}, '') as {role}")
    connection.execute(
        f"create table people as select unique_id, {', '.join(parts)} from raw"
    )
    # The truth stands apart: Splink never sees it.
    connection.execute(
        f"create table answers as select unique_id, {quoted(truth)} as truth from raw"
        f" where {quoted(truth)} <> ''"
    )
    connection.execute("drop table raw")
    rows = one(connection, "select count(*) from people")
    # Values that stand for nothing: carried by far more records than one person has.
    for role in ("email", "phone"):
        if role in columns:
            most = max(60, rows // 2000)
            connection.execute(
                f"update people set {role} = null where {role} in"
                f" (select {role} from people group by 1 having count(*) > {most})"
            )
    return columns, rows


def comparison(role):
    if role in ("given", "family"):
        return cl.NameComparison(role).configure(term_frequency_adjustments=True)
    if role == "dob":
        return cl.DamerauLevenshteinAtThresholds("dob", [1, 2])
    if role == "email":
        return cl.EmailComparison("email").configure(term_frequency_adjustments=True)
    if role in ("phone", "national_id"):
        return cl.DamerauLevenshteinAtThresholds(role, [1, 2])
    if role in ("street", "company"):
        return cl.JaroWinklerAtThresholds(role, [0.92, 0.8]).configure(
            term_frequency_adjustments=True
        )
    return cl.ExactMatch(role).configure(term_frequency_adjustments=True)


def comparisons(columns):
    """One comparison for each column, but one for the whole address: its parts agree together."""
    places = [role for role in ("street", "postcode", "city") if role in columns]
    made = [comparison(role) for role in columns if role not in places]
    if len(places) == 1:
        made += [comparison(places[0])]
    if len(places) > 1:
        all_null = " and ".join(f"({p}_l is null or {p}_r is null)" for p in places)
        levels = [cll.CustomLevel(all_null, "no address").configure(is_null_level=True)]
        if "street" in places:
            other = places[-1]
            levels.append(cll.And(cll.ExactMatchLevel("street"), cll.ExactMatchLevel(other)))
            levels.append(cll.JaroWinklerLevel("street", 0.92))
        levels += [cll.ExactMatchLevel(p) for p in places if p != "street"]
        levels.append(cll.ElseLevel())
        made.append(cl.CustomComparison(levels, output_column_name="address"))
    return made


def usable(columns, rules):
    return [rule for rule in rules if all(role in columns for role in rule)]


def train(linker, columns):
    exact = usable(columns, [["email", "family"], ["given", "family", "dob"], ["national_id", "family"]])
    exact = exact or usable(columns, [["given", "family"]])
    linker.training.estimate_probability_two_random_records_match(
        [block_on(*rule) for rule in exact], recall=0.6
    )
    linker.training.estimate_u_using_random_sampling(max_pairs=2e6, seed=1)
    sessions = usable(columns, [["given", "family"], ["dob"], ["email"]])
    for rule in sessions[:2]:
        linker.training.estimate_parameters_using_expectation_maximisation(block_on(*rule))


def quality(connection, clusters):
    """Pairwise precision, recall and F1 of the clusters, and the largest of them."""

    def pairs(by):
        return one(
            connection,
            "select coalesce(sum(n * (n - 1) / 2), 0)::double from (select count(*)::double as n"
            f" from answers join {clusters} using (unique_id) group by {by})",
        )

    found, right, both = pairs("cluster_id"), pairs("truth"), pairs("cluster_id, truth")
    largest = one(
        connection, f"select max(n) from (select count(*) as n from {clusters} group by cluster_id)"
    )
    return {
        "precision": both / found if found else 1.0,
        "recall": both / right if right else 1.0,
        "f1": 2 * both / (found + right) if found + right else 1.0,
        "largest_cluster": largest,
    }


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("file")
    arguments.add_argument("--truth", default="true_id")
    arguments.add_argument("--threshold", type=float, default=0.95)
    options = arguments.parse_args()
    logging.getLogger("splink").setLevel(logging.ERROR)

    steps, last = {}, 0.0

    def step(name):
        nonlocal last
        now = cpu_seconds()
        steps[name], last = now - last, now

    connection = duckdb.connect()
    step("start")
    columns, rows = load(connection, options.file, options.truth)
    step("load")
    settings = SettingsCreator(
        link_type="dedupe_only",
        comparisons=comparisons(columns),
        blocking_rules_to_generate_predictions=[
            block_on(*rule) for rule in usable(columns, BLOCKS)
        ],
        retain_intermediate_calculation_columns=False,
        retain_matching_columns=False,
    )
    database = DuckDBAPI(connection)
    linker = Linker(database.register("people"), settings, log_level=logging.ERROR)
    train(linker, columns)
    step("train")
    edges = linker.inference.predict(threshold_match_probability=0.5)
    step("predict")
    clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(
        edges, threshold_match_probability=options.threshold
    )
    step("cluster")
    total = sum(steps.values())
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    pairwise = quality(connection, clusters.physical_name)
    # For comparison only: the threshold that the truth would choose, not counted above.
    best = {"threshold": options.threshold, **pairwise}
    for threshold in (0.5, 0.8, 0.99, 0.999, 0.9999, 0.99999):
        clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(
            edges, threshold_match_probability=threshold
        )
        found = quality(connection, clusters.physical_name)
        if found["f1"] > best["f1"]:
            best = {"threshold": threshold, **found}
    answer = {
        "rows": rows,
        "columns": columns,
        "pairwise": pairwise,
        "best": best,
        "cpu_seconds": {**steps, "total": total},
        "peak_rss_bytes": memory,
    }
    print(json.dumps(answer, indent=2))


if __name__ == "__main__":
    main()
