//! Flags that code declares, joined with those of files.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::sync::Arc;

use graylane_diagnostic::Source;
use graylane_flags::{
    Bound, Bucketing, Definitions, Fields, FlagId, FlagSet, Kind, Options, ReadOptions, RegisterError,
    Registry, Type, Value, ValueRef, freeze_registered, register,
};

fn set(text: &str, gray_on: bool) -> Arc<FlagSet> {
    set_for(text, gray_on, Bucketing::default())
}

fn set_for(text: &str, gray_on: bool, bucketing: Bucketing) -> Arc<FlagSet> {
    let source = Source::new("flags.toml", text.to_owned());
    let reading = Definitions::read([&source], ReadOptions::default());
    let mut definitions = reading
        .map_err(|faults| faults.render(&source))
        .unwrap()
        .definitions;
    definitions.bucketing = bucketing;
    Arc::new(FlagSet::compile(&definitions, Options { gray_on }).unwrap())
}

fn user<'a>(fields: &'a [(&'a str, ValueRef<'a>)]) -> Fields<'a> {
    Fields {
        targeting_key: Some("user-1"),
        fields,
        unix_seconds: 0,
    }
}

const FLAGS: &str = r#"
[flags.static]
state = "enabled"
variants = { on = true, off = false }
default = "on"
[flags.ruled]
state = "enabled"
variants = { small = 1, large = 100 }
default = "small"
targeting = { if = [{ "==" = [{ var = "plan" }, "pro"] }, "large"] }
[flags.text]
state = "enabled"
variants = { a = "blue", b = "green" }
default = "b"
[flags.object]
state = "enabled"
variants = { a = { width = 3 } }
default = "a"
[flags.off]
state = "disabled"
variants = { a = 1.5 }
default = "a"
[flags.open]
state = "enabled"
variants = { a = 1.5 }
[flags.everybody]
state = "gray-100"
[flags.failing]
state = "enabled"
variants = { a = 1.5 }
default = "a"
targeting = { if = [true, "b"] }
"#;

#[test]
fn a_flag_of_the_code_has_the_value_of_the_files_for_each_user() {
    let mut registry = Registry::new();
    let fixed = registry.boolean("static", false).unwrap();
    let ruled = registry.integer("ruled", 7).unwrap();
    let ruled_as_float = registry.float("everything", 0.5).unwrap();
    let text = registry.text("text", "red").unwrap();
    let object = registry.object("object", Value::Map(Box::default())).unwrap();
    let everybody = registry.boolean("everybody", false).unwrap();
    let (bound, _) = Bound::new(set(FLAGS, true), &registry.freeze());
    let plan = [("plan", ValueRef::Text("pro"))];
    let (free, pro) = (user(&[]), user(&plan));

    assert!(fixed.value(&bound, &free));
    assert_eq!(ruled.value(&bound, &free), 1);
    assert_eq!(ruled.value(&bound, &pro), 100);
    assert_eq!(ruled_as_float.value(&bound, &pro), 0.5);
    assert_eq!(text.value(&bound, &free), "green");
    assert_eq!(
        object.value(&bound, &free).child("width"),
        Some(ValueRef::Integer(3))
    );
    assert!(everybody.value(&bound, &free));
    assert_eq!(ruled.id(&bound), bound.set().find("ruled"));
    assert_eq!(ruled_as_float.id(&bound), None);
}

#[test]
fn without_an_answer_of_the_files_the_code_decides() {
    let mut registry = Registry::new();
    let missing = registry.register("missing", "a".to_owned()).unwrap();
    let off = registry.float("off", 2.5).unwrap();
    let open = registry.float("open", 3.5).unwrap();
    let failing = registry.float("failing", 4.5).unwrap();
    let wrong = registry.boolean("text", true).unwrap();
    let (bound, _) = Bound::new(set(FLAGS, true), &registry.freeze());
    let nobody = user(&[]);

    assert_eq!(missing.value(&bound, &nobody), "a");
    assert_eq!(off.value(&bound, &nobody), 2.5);
    assert_eq!(open.value(&bound, &nobody), 3.5);
    assert_eq!(failing.value(&bound, &nobody), 4.5);
    assert!(wrong.value(&bound, &nobody));
    assert_eq!(wrong.id(&bound), None);
}

#[test]
fn gray_flags_that_are_switched_off_are_off_for_everybody() {
    let mut registry = Registry::new();
    let everybody = registry.boolean("everybody", true).unwrap();
    let (bound, _) = Bound::new(set(FLAGS, false), &registry.freeze());

    assert!(!everybody.value(&bound, &user(&[])));
}

#[test]
fn a_gray_flag_of_the_code_is_what_an_evaluation_says() {
    let text = r#"
[flags.third]
state = "gray-30"
[flags.nobody]
state = "gray-0"
[flags.everybody]
state = "gray-100"
[flags.size]
state = "gray-50"
variants = { small = 1, large = 100 }
default = "small"
"#;
    let keys: Vec<String> = (0..300).map(|user| format!("user-{user}")).collect();
    let keys = keys.iter().map(|key| Some(&**key)).chain([None, Some("")]);

    for bucketing in [Bucketing::V1, Bucketing::V2, Bucketing::V3] {
        let set = set_for(text, true, bucketing);
        let mut registry = Registry::new();
        let booleans = ["third", "nobody", "everybody"].map(|key| registry.boolean(key, true).unwrap());
        let size = registry.integer("size", 7).unwrap();
        let (bound, _) = Bound::new(Arc::clone(&set), &registry.freeze());
        let mut sizes = [0; 2];

        for targeting_key in keys.clone() {
            let user = Fields {
                targeting_key,
                ..user(&[])
            };
            let evaluated = |id: Option<FlagId>| set.evaluate(id.unwrap(), &user).unwrap().value;

            for flag in &booleans {
                let value = ValueRef::Bool(flag.value(&bound, &user));
                assert_eq!(Some(value), evaluated(flag.id(&bound)), "{bucketing:?} {user:?}");
            }
            let value = size.value(&bound, &user);
            assert_eq!(Some(ValueRef::Integer(value)), evaluated(size.id(&bound)));
            sizes[usize::from(value == 100)] += 1;
        }
        assert!(sizes.iter().all(|count| *count > 100), "{sizes:?}");
    }
}

#[test]
fn code_and_files_are_compared() {
    let mut registry = Registry::new();
    registry.boolean("static", false).unwrap();
    registry.integer("ruled", 0).unwrap();
    registry.boolean("text", true).unwrap();
    registry.integer("open", 1).unwrap();
    registry.boolean("gone", true).unwrap();

    let (_, report) = Bound::new(set(FLAGS, true), &registry.freeze());

    assert_eq!(report.missing_in_files, ["gone".into()]);
    let unused: Vec<&str> = report.not_used_in_code.iter().map(|key| &**key).collect();
    assert_eq!(unused, ["object", "off", "everybody", "failing"]);
    let wrong: Vec<String> = report.wrong_type.iter().map(ToString::to_string).collect();
    assert_eq!(
        wrong,
        [
            "the flag `text` is a boolean in the code, and a string in the files",
            "the flag `open` is a whole number in the code, and a number in the files",
        ]
    );
    assert_eq!(
        (report.wrong_type[1].code, report.wrong_type[1].file),
        (Type::Integer, Kind::Number)
    );
}

#[test]
fn a_flag_of_another_registry_has_its_default() {
    let mut one = Registry::new();
    one.boolean("static", false).unwrap();
    let mut other = Registry::new();
    let foreign = other.boolean("static", false).unwrap();

    let (bound, _) = Bound::new(set(FLAGS, true), &one.freeze());

    assert!(!foreign.value(&bound, &user(&[])));
    assert_eq!(foreign.id(&bound), None);
}

// The only test of this program that declares flags of the process.
#[test]
fn flags_of_the_process_are_declared_before_they_are_frozen() {
    let early = register("static", false).unwrap();

    let registered = freeze_registered();
    let late = register("late", 1_i64);

    let error = late.unwrap_err();
    assert_eq!(error, RegisterError::Frozen("late".into()));
    assert_eq!(
        error.to_string(),
        "the flag `late` is declared after the flags have been frozen: declare it before the start"
    );
    assert!(Arc::ptr_eq(&registered, &freeze_registered()));
    let (bound, _) = Bound::new(set(FLAGS, true), &registered);
    assert!(early.value(&bound, &user(&[])));
}
