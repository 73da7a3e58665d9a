//! As much of Gherkin as flagd's cases use: backgrounds, outlines with several tables of examples, tags, tables of a step.

use std::collections::HashMap;

/// A scenario, or one row of an outline with its values filled in.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) feature: String,
    pub(crate) scenario: String,
    pub(crate) tags: Vec<String>,
    pub(crate) steps: Vec<Step>,
}

impl Row {
    pub(crate) fn has(&self, tag: &str) -> bool {
        self.tags.iter().any(|other| other == tag)
    }
}

/// A step: its text with empty quotation marks, what stood in them, and its table.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) text: String,
    pub(crate) quoted: Vec<String>,
    pub(crate) table: Vec<HashMap<String, String>>,
}

#[derive(Default)]
struct Scenario {
    name: String,
    tags: Vec<String>,
    /// Each with the lines of its table.
    steps: Vec<(String, Vec<String>)>,
    /// Each with its tags.
    examples: Vec<(Vec<String>, Vec<String>)>,
}

/// All scenarios of a file, in written order.
pub(crate) fn rows(text: &str) -> Vec<Row> {
    let mut feature = String::new();
    let mut background: Vec<(String, Vec<String>)> = Vec::new();
    let mut scenarios: Vec<Scenario> = Vec::new();
    let mut feature_tags = Vec::new();
    let mut tags: Vec<String> = Vec::new();
    let (mut in_background, mut in_examples) = (false, false);
    for line in text.lines().map(str::trim) {
        if line.starts_with('@') {
            tags.extend(line.split_whitespace().map(str::to_owned));
        } else if let Some(name) = line.strip_prefix("Feature:") {
            name.trim().clone_into(&mut feature);
            feature_tags = std::mem::take(&mut tags);
        } else if line.starts_with("Background:") {
            in_background = true;
        } else if let Some((_, name)) = line
            .split_once(':')
            .filter(|(word, _)| word.starts_with("Scenario"))
        {
            (in_background, in_examples) = (false, false);
            scenarios.push(Scenario {
                name: name.trim().to_owned(),
                tags: std::mem::take(&mut tags),
                ..Scenario::default()
            });
        } else if line.starts_with("Examples:") {
            in_examples = true;
            let table = (std::mem::take(&mut tags), Vec::new());
            scenarios.last_mut().unwrap().examples.push(table);
        } else if line.starts_with('|') {
            let line = line.to_owned();
            match (scenarios.last_mut(), in_examples) {
                (Some(scenario), true) => scenario.examples.last_mut().unwrap().1.push(line),
                (Some(scenario), false) => scenario.steps.last_mut().unwrap().1.push(line),
                (None, _) => background.last_mut().unwrap().1.push(line),
            }
        } else if let Some(step) = ["Given ", "And ", "When ", "Then "]
            .iter()
            .find_map(|word| line.strip_prefix(word))
        {
            let steps = match scenarios.last_mut() {
                Some(scenario) if !in_background => &mut scenario.steps,
                _ => &mut background,
            };
            steps.push((step.to_owned(), Vec::new()));
        }
    }
    scenarios
        .into_iter()
        .flat_map(|scenario| expand(&feature, &feature_tags, &background, scenario))
        .collect()
}

fn expand(
    feature: &str,
    feature_tags: &[String],
    background: &[(String, Vec<String>)],
    scenario: Scenario,
) -> Vec<Row> {
    let steps: Vec<_> = background.iter().cloned().chain(scenario.steps).collect();
    let row = |tags: &[String], values: &HashMap<String, String>| Row {
        feature: feature.to_owned(),
        scenario: scenario.name.clone(),
        tags: [feature_tags, &scenario.tags, tags].concat(),
        steps: steps
            .iter()
            .map(|(text, lines)| step(text, lines, values))
            .collect(),
    };
    if scenario.examples.is_empty() {
        return vec![row(&[], &HashMap::new())];
    }
    let mut rows = Vec::new();
    for (tags, lines) in &scenario.examples {
        rows.extend(table(lines).iter().map(|values| row(tags, values)));
    }
    rows
}

fn step(text: &str, lines: &[String], values: &HashMap<String, String>) -> Step {
    let mut filled = text.to_owned();
    for (name, value) in values {
        filled = filled.replace(&format!("<{name}>"), value);
    }
    // Quotation marks within a quotation are escaped.
    let hidden = filled.replace("\\\"", "\u{0}");
    let parts: Vec<&str> = hidden.split('"').collect();
    let shown = |part: &&str| part.replace('\u{0}', "\\\"");
    Step {
        text: parts.iter().step_by(2).copied().collect::<Vec<_>>().join("\"\""),
        quoted: parts.iter().skip(1).step_by(2).map(shown).collect(),
        table: table(lines),
    }
}

fn table(lines: &[String]) -> Vec<HashMap<String, String>> {
    let cells = |line: &String| -> Vec<String> {
        let inner = line.trim_start_matches('|').trim_end_matches('|');
        inner.split('|').map(|cell| cell.trim().to_owned()).collect()
    };
    let Some((head, body)) = lines.split_first() else {
        return Vec::new();
    };
    let names = cells(head);
    body.iter()
        .map(|line| names.iter().cloned().zip(cells(line)).collect())
        .collect()
}
