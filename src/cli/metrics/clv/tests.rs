//! Tables in, answers out.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;
use clap::Parser;
use std::io::Write as _;

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    args: ClvArgs,
}

fn table(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

fn ask(option: &str, text: &str, more: &[&str]) -> Result<serde_json::Value, String> {
    let file = table(text);
    let path = file.path().to_str().unwrap();
    let arguments = [&["clv", option, path], more].concat();
    let args = Cli::try_parse_from(arguments).map_err(|error| error.to_string())?.args;
    match answer(&args) {
        Ok(answer) => Ok(serde_json::to_value(&answer).unwrap()),
        Err(Failure::Usage(message)) => Err(message),
        Err(Failure::Failed(error)) => Err(format!("{error:#}")),
    }
}

const GIVEN: [&str; 4] = ["--model", "bg-nbd", "--params", "r=0.24,alpha=4.4,a=0.3,b=0.5"];

#[test]
fn each_row_may_bring_its_own_parameters_and_horizon() {
    let text = "r,alpha,a,b,x,t_x,T,t\n0.24,4.4,0.3,0.5,0,0,10,52\n0.24,4.4,1,2.5,2,30,38,52\n\
                0.24,0,1,2.5,2,30,38,52\n";
    let answer = ask("--summary", text, &["--model", "bg-nbd", "--params", "columns"]).unwrap();
    let expected = |row: usize| answer["customers"][row]["expected_transactions"].as_f64();
    assert!((expected(0).unwrap() - 0.585_523_384_303).abs() < 1e-11);
    assert!((expected(1).unwrap() - 1.430_467_457_04).abs() < 1e-11);
    assert_eq!(expected(2), None);
    assert_eq!(answer["customers"][2]["null_reasons"]["p_alive"], "BAD_PARAMETER");
}

#[test]
fn histories_that_cannot_have_happened_are_null_with_a_reason() {
    let text = "customer_id,frequency,recency,T,monetary_value\nann,2,0,10,5\nbob,2,12,10,5\ncy,2,7,10,5\n";
    let answer = ask("--summary", text, &GIVEN).unwrap();
    assert_eq!(answer["customers"][0]["null_reasons"]["p_alive"], "RECENCY_ZERO");
    assert_eq!(answer["customers"][1]["null_reasons"]["p_alive"], "RECENCY_AFTER_END");
    assert!(answer["customers"][2]["p_alive"].as_f64().unwrap() > 0.0);
    assert_eq!(answer["rejected"]["RECENCY_ZERO"]["lines"], serde_json::json!([2]));
    assert_eq!(answer["customers"][2]["null_reasons"]["horizon_margin"], "NO_MARGIN");
}

#[test]
fn purchases_become_histories_and_bad_rows_are_counted() {
    let text = "Customer,Order Date,Amount\nann,2025-01-01,10\nann,2025-01-15T08:00:00Z,4.50\n\
                ann,2025-01-15,5.50\nbob,20250103,7\nbob,0000-01-01,7\nbob,9999-12-31,7\n\
                bob,yesterday,7\nbob,2025-01-09,1.234\n,2025-01-09,1\nbob,2025-01-09,much\n";
    let given = [&GIVEN[..], &["--observed-until", "2025-01-29"]].concat();
    let answer = ask("--transactions", text, &given).unwrap();
    let ann = &answer["customers"][0];
    assert_eq!((&ann["x"], &ann["t_x"], &ann["T"]), (&1.into(), &2.0.into(), &4.0.into()));
    assert_eq!(ann["historic_revenue"], "20.00");
    assert_eq!(ann["mean_spend"], 10.0);
    let rows = |reason: &str| answer["rejected"][reason]["rows"].as_u64();
    assert_eq!(rows("DATE_IMPLAUSIBLE"), Some(2));
    assert_eq!(rows("DATE_UNREADABLE"), Some(1));
    assert_eq!(rows("AMOUNT_TOO_PRECISE"), Some(1));
    assert_eq!(rows("AMOUNT_UNREADABLE"), Some(1));
    assert_eq!(rows("CUSTOMER_MISSING"), Some(1));
}

#[test]
fn a_fit_without_a_maximum_gives_reasons_and_no_numbers() {
    let text = "id,date,amount\na,2025-01-01,1\nb,2025-01-02,1\nc,2025-01-09,1\n";
    for model in ["auto", "bg-nbd", "mbg-nbd", "pareto-nbd", "bg-bb"] {
        let answer = ask("--transactions", text, &["--model", model]).unwrap();
        assert_eq!(answer["converged"], false, "{model}");
        // No month is over, so that of opportunities none is known.
        let discrete = model == "bg-bb";
        let code = if discrete { "NO_DATA" } else { "NO_REPEAT_PURCHASES" };
        assert_eq!(answer["failure"]["code"], code, "{model}");
        let code = if discrete { "NOT_YET_OBSERVED" } else { code };
        assert_eq!(answer["customers"].as_array().unwrap().len(), 3);
        assert_eq!(answer["customers"][0]["null_reasons"]["p_alive"], code);
        assert!(answer["totals"]["horizon_revenue"].is_null());
    }
    let empty = ask("--transactions", "id,date,amount\n", &[]).unwrap();
    assert_eq!(empty["failure"]["code"], "NO_DATA");
}

#[test]
fn only_whole_opportunities_count() {
    let text = "id,date,amount\na,2025-01-20,1\na,2025-02-03,1\na,2025-02-27,1\na,2025-04-02,1\n";
    let given =
        ["--model", "bg-bb", "--params", "alpha=1,beta=1,gamma=1,delta=2", "--horizon", "3"];
    let answer = ask("--transactions", text, &given).unwrap();
    let a = &answer["customers"][0];
    // January is the first; February and March are past, April is not.
    assert_eq!((&a["x"], &a["t_x"], &a["T"]), (&1.into(), &1.0.into(), &2.0.into()));
    assert_eq!(answer["calibration_end"], "2025-03-31");
}

#[test]
fn mistakes_are_said() {
    let text = "who,when,what\na,2025-01-01,1\n";
    for (more, words) in [
        (&[][..], "--map customer=COLUMN"),
        (&["--map", "customer=name"][..], "no such column"),
        (&["--params", "r=1"][..], "needs a --model"),
        (&["--model", "bg-nbd", "--params", "columns"][..], "needs --summary"),
        (&["--margin", "40"][..], "from 0 to 1"),
        (&["--discount=-1"][..], "must not be negative"),
    ] {
        let message = ask("--transactions", text, more).unwrap_err();
        assert!(message.contains(words), "{message}");
    }
    let text = "x,t_x,T\n1,2,3\n";
    for (more, words) in [
        (&["--model", "bg-nbd", "--params", "r=1,alpha=1"][..], "a, b missing"),
        (&["--model", "bg-nbd", "--params", "r=1,s=1"][..], "names r, alpha, a, b"),
        (&["--model", "bg-nbd", "--params", "r=0,alpha=1,a=1,b=1"][..], "not a positive"),
        (&["--horizon", "soon"][..], "--horizon"),
    ] {
        let message = ask("--summary", text, more).unwrap_err();
        assert!(message.contains(words), "{message}");
    }
    assert!(ask("--summary", "x,t_x\n1,2\n", &GIVEN).unwrap_err().contains("--map T=COLUMN"));
    assert!(ask("--summary", "x,t_x,T\n1,two,3\n", &GIVEN).unwrap_err().contains("line 2"));
}
