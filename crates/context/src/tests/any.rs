use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::{baggage, explain, services};

fn field() -> impl Strategy<Value = (String, Vec<u8>)> {
    let names: Vec<String> = Dialect::ALL
        .iter()
        .map(|dialect| dialect.as_str().to_owned())
        .chain(["x-gray-signature".to_owned()])
        .collect();
    let near = prop_oneof![
        vec(any::<u8>(), 0..80),
        "[ -~]{0,40}".prop_map(String::into_bytes),
        "(gray-version|x-mse-tag|a)=[a-z%0-9 ;,]{0,20}(,(gray-version|b)=[a-z]{0,5}){0,3}"
            .prop_map(String::into_bytes),
        r#"\{("(shop|pay)":"[a-z\\"]{0,8}",?){0,3}\}"#.prop_map(String::into_bytes),
        "v[12]:(edge|old|else):[0-9]{0,12}:[0-9a-f]{62,66}".prop_map(String::into_bytes),
    ];
    (proptest::sample::select(names), near)
}

/// What the gateway would write of a lane in one dialect, beside what was there.
fn written(dialect: Dialect, lane: &Tag, beside: &str) -> Asked {
    let value = match dialect {
        Dialect::Baggage => format!("gray-version={lane},{beside}"),
        Dialect::NdVersion if beside.len().is_multiple_of(2) => {
            services::with_entry(br#"{"pay":"1","shop":"x"}"#, "shop", lane.as_str()).unwrap()
        }
        _ => lane.to_string(),
    };
    Asked::default().with(dialect.as_str(), value)
}

proptest! {
    #[test]
    fn no_bytes_make_a_panic_and_no_stranger_gets_a_lane(fields in vec(field(), 0..6)) {
        let asked = Asked { fields, host: None };

        let verdict = stranger(&asked);
        peer(&asked);
        explain(&policy(), &asked, false, || NOW);
        explain(&policy(), &asked, true, || NOW);

        // Nobody guesses a MAC.
        prop_assert_eq!(verdict.said, None);
        let silent = asked.fields.iter().all(|(name, _)| name == "baggage");
        prop_assert!(verdict.stripped.is_some() || silent);
    }

    #[test]
    fn what_is_written_in_a_dialect_is_read_back(
        lane in "[A-Za-z0-9][A-Za-z0-9._:/@~-]{0,63}",
        beside in "[a-z]{1,8}=[a-z]{0,8}",
    ) {
        for dialect in Dialect::ALL {
            let lane = tag(&lane);

            let verdict = peer(&written(dialect, &lane, &beside));

            prop_assert_eq!(verdict.said, Some((dialect, lane)));
        }
    }

    #[test]
    fn what_is_left_of_a_strangers_baggage_says_nothing_of_a_lane(text in "[ -~]{0,20}((gray-version|X-Mse-Tag|%67ray-version| )[ =;,%a-z]{0,10}){0,5}") {
        let policy = policy();

        let left: Vec<&[u8]> = baggage::members([text.as_bytes()].into_iter())
            .filter(|member| !policy.is_of_lane(member, false))
            .collect();

        let asked = Asked::default().with("baggage", left.join(&b','));
        prop_assert_eq!(stranger(&asked), Verdict::default());
        prop_assert_eq!(peer(&asked).said, None);
    }

    #[test]
    fn a_signature_holds_for_what_it_was_made_for_and_for_nothing_else(
        host in "[a-z]{1,9}(\\.[a-z]{1,9}){0,3}",
        lane in "[a-z]{1,9}",
        age in 1_u64..=3600,
        flip in 0_usize..400,
    ) {
        let signature = signed(("edge", 0xab), &host, &lane, NOW + age);
        let read = crate::Signature::read(signature.as_bytes()).unwrap();
        let mut changed = signature.into_bytes();
        let at = flip % changed.len();
        changed[at] ^= 1;

        prop_assert_eq!(read.verify(&policy(), &host, &tag(&lane), NOW), Ok(()));
        let changed = crate::Signature::read(&changed);
        prop_assert!(changed.is_none_or(|other| other.verify(&policy(), &host, &tag(&lane), NOW).is_err()));
    }
}
