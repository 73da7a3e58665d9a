use std::fmt::Write as _;

/// A unit in a drawing.
pub(crate) struct Node<'a> {
    pub(crate) name: &'a str,
    pub(crate) requires: Vec<&'a str>,
    /// A second line in its box.
    pub(crate) note: Option<String>,
    pub(crate) marked: bool,
    /// The one of its requirements to which the edge is marked.
    pub(crate) marked_edge: Option<&'a str>,
}

/// The units as Graphviz text. An edge points from a unit to one that it requires; drawn upwards, so that time runs down.
pub(crate) fn draw<'a>(nodes: impl Iterator<Item = Node<'a>>) -> String {
    let mut text = String::from("digraph start {\n  rankdir=BT;\n  node [shape=box];\n");
    let mut edges = String::new();
    for node in nodes {
        let name = escape(node.name);
        let note = node
            .note
            .map(|note| format!("\\n{}", escape(&note)))
            .unwrap_or_default();
        let mark = if node.marked {
            ", color=red, penwidth=2"
        } else {
            ""
        };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  \"{name}\" [label=\"{name}{note}\"{mark}];");
        for requirement in node.requires {
            let mark = if node.marked_edge == Some(requirement) {
                " [color=red, penwidth=2]"
            } else {
                ""
            };
            let _ = writeln!(edges, "  \"{name}\" -> \"{}\"{mark};", escape(requirement));
        }
    }
    text + &edges + "}\n"
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}
