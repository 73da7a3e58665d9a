use super::*;

#[test]
fn the_same_flag_may_be_declared_twice_and_another_one_not() {
    let mut registry = Registry::new();

    let first = registry.boolean("a", false);
    let again = registry.boolean("a", false);

    assert!(first.is_ok());
    assert_eq!(first, again);
    for error in [
        registry.boolean("a", true).unwrap_err(),
        registry.integer("a", 0).unwrap_err(),
        registry.float("a", 0.0).unwrap_err(),
    ] {
        assert_eq!(
            error.to_string(),
            "the flag `a` is declared twice, with different types or defaults"
        );
    }
}

#[test]
fn a_default_must_be_one_that_a_file_could_say() {
    let mut registry = Registry::new();

    assert_eq!(registry.boolean("", false), Err(RegisterError::EmptyKey));
    assert_eq!(
        registry.float("a", f64::NAN),
        Err(RegisterError::NotFinite("a".into()))
    );
    assert_eq!(
        registry.object("a", Value::Integer(1)),
        Err(RegisterError::NotAnObject("a".into()))
    );
    assert!(registry.object("a", Value::Map(Box::default())).is_ok());
}

#[test]
fn what_has_been_declared_can_be_listed() {
    let mut registry = Registry::new();
    registry.text("color", "blue").unwrap();
    registry.register("owner", "nobody".to_owned()).unwrap();

    let registered = registry.freeze();

    assert_eq!(registered.keys().collect::<Vec<_>>(), ["color", "owner"]);
    assert_eq!(
        registered.find("color"),
        Some((Type::Text, &Value::Text("blue".into())))
    );
    assert_eq!(registered.find("size"), None);
}
