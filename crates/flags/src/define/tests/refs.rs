use super::*;

fn with_evaluators(evaluators: &str, targeting: &str) -> String {
    format!(
        "{{\"$evaluators\": {{{evaluators}}},\n\"flags\": {{\"f\": {{\"state\": \"ENABLED\", \"variants\": {{\"on\": true}},\n\"targeting\": {targeting}}}}}}}"
    )
}

fn resolved(evaluators: &str, targeting: &str) -> Node {
    let mut definitions = good(&with_evaluators(evaluators, targeting));
    plain(&definitions.flags.remove(0).targeting.unwrap())
}

#[test]
fn a_reference_becomes_what_it_stands_for() {
    let rules = r#""staff": {"in": ["@a", {"var": "email"}]}, "both": {"and": [{"$ref": "staff"}, {"$ref" : "staff"}]}"#;

    let whole = resolved(rules, r#"{"$ref": "staff"}"#);
    let deep = resolved(rules, r#"{"if": [{"!": {"$ref": "both"}}, "on"]}"#);

    assert_eq!(whole, rule(r#"{"in": ["@a", {"var": "email"}]}"#));
    let staff = r#"{"in": ["@a", {"var": "email"}]}"#;
    assert_eq!(
        deep,
        rule(&format!(
            "{{\"if\": [{{\"!\": {{\"and\": [{staff}, {staff}]}}}}, \"on\"]}}"
        ))
    );
}

#[test]
fn a_reference_to_nothing_is_a_mistake() {
    let error = bad(&with_evaluators(
        r#""is_staff": {"var": "staff"}"#,
        r#"{"if": [{"$ref": "is_stuff"}, "on"]}"#,
    ));

    assert_eq!(
        error,
        "error: there is no evaluator `is_stuff`
 --> flags.json:3:31
  |
3 | \"targeting\": {\"if\": [{\"$ref\": \"is_stuff\"}, \"on\"]}}}}
  |                               ^^^^^^^^^^
hint: did you mean `is_staff`?
"
    );
}

#[test]
fn each_mistake_with_references_has_words_of_its_own() {
    for (evaluators, targeting, message) in [
        ("", r#"{"$ref": "a"}"#, "there is no evaluator `a`"),
        ("", r#"{"$ref": 1}"#, "`$ref` takes a string, not a number"),
        (
            r#""a": {"var": "x"}"#,
            r#"{"$ref": "a", "if": []}"#,
            "`$ref` stands alone in its object",
        ),
        (
            r#""a": {"$ref": "a"}"#,
            r#"{"$ref": "a"}"#,
            "the evaluators use each other in a circle: `a` -> `a`",
        ),
        (
            r#""a": {"!": {"$ref": "b"}}, "b": {"!": {"$ref": "c"}}, "c": {"!": {"$ref": "b"}}"#,
            r#"{"$ref": "a"}"#,
            "the evaluators use each other in a circle: `b` -> `c` -> `b`",
        ),
    ] {
        let error = bad(&with_evaluators(evaluators, targeting));

        assert!(error.starts_with(&format!("error: {message}\n")), "{error}");
        assert_eq!(error.matches("error: ").count(), 1, "{error}");
    }
}

#[test]
fn evaluators_that_double_with_each_step_are_refused() {
    let steps: Vec<String> = (0..40)
        .map(|step| {
            format!(
                "\"e{step}\": {{\"+\": [{{\"$ref\": \"e{0}\"}}, {{\"$ref\": \"e{0}\"}}]}}",
                step + 1
            )
        })
        .collect();
    let rules = format!("{}, \"e40\": {{\"var\": \"x\"}}", steps.join(", "));

    let too_deep = bad(&with_evaluators(&rules, r#"{"$ref": "e0"}"#));
    let too_large = bad(&with_evaluators(&rules, r#"{"$ref": "e21"}"#));

    assert!(
        too_deep.contains("error: the rule is more than 64 deep\n"),
        "{too_deep}"
    );
    assert!(
        too_large.starts_with("error: the evaluators make the rules too large\n"),
        "{too_large}"
    );
}

#[test]
fn a_long_chain_of_evaluators_ends() {
    let steps: Vec<String> = (0..20_000)
        .map(|step| format!("\"e{step}\": {{\"$ref\": \"e{}\"}}", step + 1))
        .collect();

    let error = bad(&with_evaluators(&steps.join(", "), r#"{"$ref": "e0"}"#));

    assert!(
        error.starts_with("error: the rule is more than 64 deep\n"),
        "{error}"
    );
}
