//! Attribution: published figures, worked examples, and the properties of credit.

use super::build::at;
use crate::attribution::*;
use crate::{NullReason, Ratio, UNATTRIBUTED};
use proptest::prelude::*;

const DAY_MS: i64 = 86_400_000;
const MODELS: [Model; 7] = [
    Model::First,
    Model::Last,
    Model::Linear,
    Model::TimeDecay { half_life_ms: 7 * DAY_MS },
    Model::UShaped,
    Model::WShaped,
    Model::Markov,
];

fn r(num: i128, den: i128) -> Ratio {
    Ratio::new(num, den).unwrap()
}

fn add(paths: &mut Paths, path: &str, conversions: u64, value_minor: u64, nulls: u64) {
    let names = path.split('>').map(str::trim).filter(|name| !name.is_empty());
    let touches =
        names.map(|name| Touch { channel: paths.channel(name), at: None, milestone: None });
    let touches = touches.collect();
    paths.push(Path { touches, converted_at: None, conversions, value_minor, nulls }).unwrap();
}

fn credit<'a>(result: &'a Attribution, channel: &str) -> &'a Credit {
    result.credits.iter().find(|credit| credit.channel == channel).unwrap()
}

fn decimal(result: &Attribution, channel: &str, places: u32) -> String {
    credit(result, channel).conversions.to_decimal(places).unwrap()
}

/// Credits of channels + unattributed = total, exactly.
fn adds_up(result: &Attribution) {
    let all = || result.credits.iter().chain([&result.unattributed]);
    let conversions =
        all().try_fold(Ratio::ZERO, |sum, credit| sum.checked_add(credit.conversions)).unwrap();
    assert_eq!(conversions, r(i128::from(result.conversions), 1), "{:?}", result.model);
    assert_eq!(all().map(|credit| credit.value_minor).sum::<i64>(), result.value_minor);
    let shown: i64 = result.shown().unwrap().iter().sum();
    assert_eq!(i128::from(shown), i128::from(result.conversions) * 1_000_000_000);
}

/// One timed path: days before the conversion, and what the touch brought about.
fn timed(days: &[i64], milestones: &[Option<Milestone>]) -> Paths {
    let end = at("2026-03-01");
    let mut paths = Paths::new();
    let touches = days.iter().enumerate().map(|(index, days)| Touch {
        channel: paths.channel(&format!("c{index}")),
        at: Some(end.plus_millis(-days * DAY_MS)),
        milestone: milestones.get(index).copied().flatten(),
    });
    let touches = touches.collect();
    let path =
        Path { touches, converted_at: Some(end), conversions: 1, value_minor: 100, nulls: 0 };
    paths.push(path).unwrap();
    paths
}

fn shares(paths: &Paths, model: Model, places: u32) -> Vec<String> {
    let result = attribute(paths, model).unwrap();
    adds_up(&result);
    result.credits.iter().map(|credit| credit.conversions.to_decimal(places).unwrap()).collect()
}

#[test]
fn five_touches_are_weighed_as_documented() {
    let five = timed(&[28, 21, 14, 7, 0], &[]);
    assert_eq!(shares(&five, Model::First, 1), ["1.0", "0.0", "0.0", "0.0", "0.0"]);
    assert_eq!(shares(&five, Model::Last, 1), ["0.0", "0.0", "0.0", "0.0", "1.0"]);
    assert_eq!(shares(&five, Model::Linear, 1), ["0.2"; 5]);
    assert_eq!(
        shares(&five, Model::UShaped, 4),
        ["0.4000", "0.0667", "0.0667", "0.0667", "0.4000"]
    );
    assert_eq!(shares(&five, Model::WShaped, 2), ["0.30", "0.05", "0.30", "0.05", "0.30"]);
}

/// Ages of half a half-life apart. 6/12/18/28/36, as one blog prints, is no half-life of 7 days.
#[test]
fn a_half_life_of_seven_days_gives_8_9_12_6_17_8_25_2_35_6() {
    let end = at("2026-03-01");
    let mut paths = Paths::new();
    let touches = (0..5).map(|index| Touch {
        channel: paths.channel(&format!("c{index}")),
        at: Some(end.plus_millis(-(4 - index) * 7 * DAY_MS / 2)),
        milestone: None,
    });
    let touches = touches.collect();
    let path = Path { touches, converted_at: Some(end), conversions: 1, value_minor: 0, nulls: 0 };
    paths.push(path).unwrap();
    let decay = Model::TimeDecay { half_life_ms: 7 * DAY_MS };
    assert_eq!(shares(&paths, decay, 3), ["0.089", "0.126", "0.178", "0.252", "0.356"]);
    assert_eq!(shares(&paths, decay, 4), ["0.0889", "0.1258", "0.1779", "0.2516", "0.3558"]);
}

#[test]
fn short_paths_and_milestones_move_the_anchors() {
    use Milestone::{Lead, Opportunity};
    let one = timed(&[3], &[]);
    let two = timed(&[3, 1], &[]);
    for model in MODELS {
        assert_eq!(shares(&one, model, 0), ["1"], "{model:?}");
    }
    for model in [Model::UShaped, Model::WShaped, Model::Linear] {
        assert_eq!(shares(&two, model, 2), ["0.50", "0.50"], "{model:?}");
    }
    let three = timed(&[3, 2, 1], &[]);
    assert_eq!(shares(&three, Model::UShaped, 1), ["0.4", "0.2", "0.4"]);
    assert_eq!(shares(&three, Model::WShaped, 4), ["0.3333"; 3]);
    let known = timed(&[5, 4, 3, 2, 1], &[None, Some(Lead), None, Some(Opportunity), None]);
    assert_eq!(shares(&known, Model::WShaped, 2), ["0.30", "0.30", "0.05", "0.30", "0.05"]);
    let at_once = timed(&[4, 3, 2, 1], &[Some(Lead), None, None, None]);
    assert_eq!(shares(&at_once, Model::WShaped, 2), ["0.60", "0.05", "0.05", "0.30"]);
    let both = timed(&[2, 1], &[None, Some(Lead)]);
    assert_eq!(shares(&both, Model::WShaped, 4), ["0.3333", "0.6667"]);
}

#[test]
fn the_small_chain_gives_google_2_4_and_mailing_1_6() {
    let mut paths = Paths::new();
    add(&mut paths, "google ads", 2, 0, 1);
    add(&mut paths, "mailing", 1, 0, 0);
    add(&mut paths, "google ads > mailing", 1, 100, 0);
    let result = attribute(&paths, Model::Markov).unwrap();
    assert!((result.base_conversion.unwrap() - 0.8).abs() < 1e-15);
    assert!((credit(&result, "google ads").removal_effect.unwrap() - 0.75).abs() < 1e-15);
    assert!((credit(&result, "mailing").removal_effect.unwrap() - 0.5).abs() < 1e-15);
    assert_eq!(decimal(&result, "google ads", 9), "2.400000000");
    assert_eq!(decimal(&result, "mailing", 9), "1.600000000");
    adds_up(&result);
}

#[test]
fn a_channel_that_every_conversion_needs_has_an_effect_of_one() {
    let mut paths = Paths::new();
    add(&mut paths, "a > a > b", 3, 900, 1);
    add(&mut paths, "c > b > b", 1, 100, 0);
    add(&mut paths, "c", 0, 0, 7);
    let result = attribute(&paths, Model::Markov).unwrap();
    let effect = |name| credit(&result, name).removal_effect.unwrap();
    assert!((effect("b") - 1.0).abs() < 1e-12);
    // 12 start: 4 of them at a, 8 at c; from b 4 of 5 steps out convert.
    assert!(
        (result.base_conversion.unwrap() - (4.0 / 12.0 + 8.0 / 12.0 / 8.0) * 0.8).abs() < 1e-12
    );
    assert!((effect("a") - 0.8).abs() < 1e-12 && (effect("c") - 0.2).abs() < 1e-12);
    adds_up(&result);
}

#[test]
fn what_nothing_explains_is_unattributed_and_in_the_total() {
    let mut paths = Paths::new();
    add(&mut paths, "a > b", 2, 1_000, 0);
    add(&mut paths, "", 3, 500, 4);
    for model in MODELS {
        if matches!(model, Model::TimeDecay { .. }) {
            continue;
        }
        let result = attribute(&paths, model).unwrap();
        adds_up(&result);
        assert_eq!((result.conversions, result.value_minor), (5, 1_500));
        assert_eq!(result.unattributed.conversions, r(3, 1), "{model:?}");
        assert_eq!(result.unattributed.value_minor, 500);
        assert_eq!(result.share(&result.unattributed).value, Some(r(3, 5)));
    }
    // A touch of unknown channel keeps its place and its credit, which nobody gets.
    let mut paths = Paths::new();
    let touches =
        ["", "b"].map(|name| Touch { channel: paths.channel(name), at: None, milestone: None });
    let path = Path {
        touches: touches.to_vec(),
        converted_at: None,
        conversions: 1,
        value_minor: 3,
        nulls: 0,
    };
    paths.push(path).unwrap();
    let result = attribute(&paths, Model::Linear).unwrap();
    assert_eq!(result.credits.len(), 1);
    assert_eq!(result.unattributed.conversions, r(1, 2));
    adds_up(&result);
}

#[test]
fn no_conversions_are_no_shares_and_no_paths_no_credits() {
    let nothing = attribute(&Paths::new(), Model::Markov).unwrap();
    assert_eq!((nothing.conversions, nothing.credits.len()), (0, 0));
    assert_eq!(nothing.base_conversion, None);
    let share = nothing.share(&nothing.unattributed);
    assert_eq!(share.null_reason, Some(NullReason::ZeroDenominator));
    let mut paths = Paths::new();
    add(&mut paths, "a > b", 0, 0, 5);
    for model in [Model::First, Model::Markov] {
        let result = attribute(&paths, model).unwrap();
        assert_eq!(result.credits.len(), 2);
        adds_up(&result);
    }
    let base = attribute(&paths, Model::Markov).unwrap().base_conversion;
    assert_eq!(base, Some(0.0));
}

#[test]
fn look_back_windows_are_half_open_and_need_times() {
    let paths = timed(&[7, 3, 0], &[]);
    let within =
        |days| attribute(&paths.looked_back(days * DAY_MS).unwrap(), Model::First).unwrap();
    assert_eq!(credit(&within(8), "c0").conversions, r(1, 1));
    assert_eq!(credit(&within(7), "c1").conversions, r(1, 1)); // seven days old: not within seven
    let none = timed(&[30, 20], &[]).looked_back(DAY_MS).unwrap();
    let result = attribute(&none, Model::Linear).unwrap();
    assert_eq!(result.unattributed.conversions, r(1, 1));
    assert_eq!(result.unattributed.value_minor, 100);
    // A touch after the conversion did not bring it about.
    let late = timed(&[1, -1], &[]).looked_back(DAY_MS * 30).unwrap();
    assert_eq!(late.paths()[0].touches.len(), 1);
    let mut untimed = Paths::new();
    add(&mut untimed, "a", 1, 0, 0);
    let needed = AttributionError::TimeNeeded { path: 1 };
    assert_eq!(untimed.looked_back(1).unwrap_err(), needed);
    let decay = |half_life_ms| attribute(&untimed, Model::TimeDecay { half_life_ms });
    assert_eq!(decay(1).unwrap_err(), needed);
    assert_eq!(decay(0).unwrap_err(), AttributionError::BadPeriod { what: "half-life" });
    assert!(paths.looked_back(0).unwrap_err().to_string().contains("look-back window"));
}

#[test]
fn bad_paths_are_refused_with_their_number() {
    let mut paths = Paths::new();
    add(&mut paths, "a", 1, 0, 0);
    let touch = Touch { channel: 0, at: None, milestone: None };
    let path = |touches: Vec<Touch>, conversions, value_minor| Path {
        touches,
        converted_at: None,
        conversions,
        value_minor,
        nulls: 0,
    };
    let long = paths.push(path(vec![touch; PATH_TOUCHES_MAX + 1], 1, 0)).unwrap_err();
    assert_eq!(long, AttributionError::PathTooLong { path: 2 });
    let free = paths.push(path(vec![touch], 0, 5)).unwrap_err();
    assert_eq!(free, AttributionError::ValueWithoutConversion { path: 2 });
    let unknown = paths.push(path(vec![Touch { channel: 9, ..touch }], 1, 0)).unwrap_err();
    assert_eq!(unknown, AttributionError::UnknownChannel { path: 2 });
    paths.push(path(vec![touch], u64::MAX, 0)).unwrap();
    for model in [Model::First, Model::Markov] {
        assert_eq!(attribute(&paths, model).unwrap_err(), AttributionError::Overflow);
    }
    let mut many = Paths::new();
    for index in 0..=MARKOV_CHANNELS_MAX {
        add(&mut many, &format!("c{index}"), 1, 0, 0);
    }
    assert!(matches!(
        attribute(&many, Model::Markov),
        Err(AttributionError::TooManyChannels { channels: 2_001 })
    ));
}

#[test]
fn customers_events_become_paths_whatever_their_order() {
    let touch = |customer, day, channel| TouchEvent {
        customer,
        at: at(day),
        channel: Some(channel),
        milestone: None,
    };
    let bought =
        |customer, day, value_minor| ConversionEvent { customer, at: at(day), value_minor };
    let mut touches = vec![
        touch("ann", "2026-01-01", "ads"),
        touch("ann", "2026-01-05", "mail"), // at the very moment of the conversion
        touch("ann", "2026-01-09", "ads"),
        touch("bob", "2026-01-02", "mail"),
        TouchEvent { channel: None, ..touch("ann", "2026-01-10", "") },
    ];
    let conversions = [
        bought("ann", "2026-01-05", 300),
        bought("ann", "2026-01-20", 50),
        bought("cid", "2026-01-03", 7),
    ];
    let paths = journeys(&touches, &conversions).unwrap();
    let lengths: Vec<_> =
        paths.paths().iter().map(|p| (p.touches.len(), p.conversions, p.nulls)).collect();
    assert_eq!(lengths, [(2, 1, 0), (2, 1, 0), (1, 0, 1), (0, 1, 0)]);
    let result = attribute(&paths, Model::Linear).unwrap();
    adds_up(&result);
    assert_eq!(credit(&result, "ads").conversions, r(1, 1));
    assert_eq!(credit(&result, "mail").conversions, r(1, 2));
    assert_eq!(result.unattributed.conversions, r(3, 2));
    assert_eq!((result.unattributed.value_minor, result.value_minor), (32, 357));
    touches.reverse();
    let turned = journeys(&touches, &conversions).unwrap();
    assert_eq!(turned.paths(), paths.paths());
}

/// Sums of 1/1 to 1/400 have no common denominator that fits: still nothing is lost.
#[test]
fn long_paths_add_up_beyond_128_bits() {
    let mut paths = Paths::new();
    for length in 1..=400 {
        let names: Vec<String> = (0..length).map(|n| format!("c{:02}", (n * n) % 17)).collect();
        add(&mut paths, &names.join(">"), 3, 101, 1);
    }
    for model in [Model::Linear, Model::UShaped, Model::WShaped, Model::Markov] {
        let result = attribute(&paths, model).unwrap();
        assert!(!result.exact);
        adds_up(&result);
    }
}

fn some_paths() -> impl Strategy<Value = Vec<(Vec<u8>, u64, u64, u64)>> {
    let path = (prop::collection::vec(0_u8..6, 0..7), 0_u64..50, 0_u64..10_000, 0_u64..50);
    prop::collection::vec(path, 0..12)
}

fn build(list: &[(Vec<u8>, u64, u64, u64)]) -> Paths {
    let end = at("2026-03-01");
    let mut paths = Paths::new();
    for (names, conversions, value, nulls) in list {
        let touches = names.iter().enumerate().map(|(index, name)| Touch {
            channel: paths.channel(&format!("c{name}")),
            at: Some(end.plus_millis(-((names.len() - index) as i64) * DAY_MS)),
            milestone: None,
        });
        let touches = touches.collect();
        let value_minor = if *conversions == 0 { 0 } else { *value };
        let (conversions, nulls) = (*conversions, *nulls);
        let path = Path { touches, converted_at: Some(end), conversions, value_minor, nulls };
        paths.push(path).unwrap();
    }
    paths
}

proptest! {
    #[test]
    fn credits_add_up_and_do_not_depend_on_the_order_of_paths(list in some_paths(), seed in any::<u64>()) {
        let mut shuffled = list.clone();
        shuffled.sort_by_key(|path| (path.1.wrapping_mul(seed), path.3, path.0.clone()));
        let (paths, turned) = (build(&list), build(&shuffled));
        for model in MODELS {
            let result = attribute(&paths, model).unwrap();
            adds_up(&result);
            prop_assert_eq!(&result, &attribute(&turned, model).unwrap());
            for credit in &result.credits {
                prop_assert!(credit.conversions.numerator() >= 0 && credit.value_minor >= 0);
                prop_assert!(credit.channel != UNATTRIBUTED);
            }
        }
    }

    /// The closed form against the chain itself with the channel taken out.
    #[test]
    fn effects_equal_what_the_chain_loses_without_the_channel(list in some_paths()) {
        let paths = build(&list);
        let result = attribute(&paths, Model::Markov).unwrap();
        let Some(base) = result.base_conversion.filter(|base| *base > 0.0) else { return Ok(()) };
        prop_assert!((reached(&list, None) - base).abs() < 1e-9);
        for credit in &result.credits {
            let without: u8 = credit.channel[1..].parse().unwrap();
            let lost = 1.0 - reached(&list, Some(without)) / base;
            prop_assert!((credit.removal_effect.unwrap() - lost).abs() < 1e-8);
        }
    }
}

/// The probability to convert by iterating the chain until nothing is left on its way, with the
/// steps into one channel ending in nothing.
fn reached(list: &[(Vec<u8>, u64, u64, u64)], without: Option<u8>) -> f64 {
    let mut steps = [[0_f64; 7]; 7]; // 6 is the start as a source and the conversion as a target
    let mut out = [0_f64; 7];
    for (names, conversions, _, nulls) in list.iter().filter(|path| !path.0.is_empty()) {
        let journeys = (conversions + nulls) as f64;
        let mut from = 6;
        for name in names {
            steps[from][usize::from(*name)] += journeys;
            out[from] += journeys;
            from = usize::from(*name);
        }
        steps[from][6] += *conversions as f64;
        out[from] += journeys;
    }
    let mut here = [0_f64; 7];
    here[6] = 1.0;
    let mut converted = 0.0;
    for round in 0..5_000 {
        let mut next = [0_f64; 7];
        for from in 0..7 {
            if out[from] == 0.0 || (round > 0 && from == 6) {
                continue;
            }
            for to in 0..7 {
                let moved = here[from] * steps[from][to] / out[from];
                match to {
                    6 => converted += moved,
                    _ if without == Some(to as u8) => {}
                    _ => next[to] += moved,
                }
            }
        }
        here = next;
    }
    converted
}
