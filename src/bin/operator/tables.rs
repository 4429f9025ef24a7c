//! Formats the Worker's answers for people.

use customers_api::http::json::Json;

/// Formats an answer: an object as lines, a list of objects as a table.
pub fn told(answer: &Json) -> String {
    let Json::Object(members) = answer else {
        return cell(answer);
    };
    let mut text = String::new();
    let mut lines = Vec::new();
    for (name, value) in members {
        match value {
            Json::Object(_) => text.push_str(&told(value)),
            Json::List(rows) if rows.iter().any(|row| matches!(row, Json::Object(_))) => {
                text.push_str(&format!("{name}:\n{}", table(rows)));
            }
            value => lines.push(vec![name.clone(), cell(value)]),
        }
    }
    // The lines of the object come before its nested objects and tables.
    format!("{}{text}", aligned(&lines))
}

/// Formats objects with the same members as a table.
fn table(rows: &[Json]) -> String {
    let mut lines = Vec::new();
    for row in rows {
        let Json::Object(members) = row else { continue };
        if lines.is_empty() {
            lines.push(members.iter().map(|(name, _)| name.clone()).collect());
        }
        lines.push(members.iter().map(|(_, value)| cell(value)).collect());
    }
    aligned(&lines)
}

/// Formats a value in one line.
pub fn cell(value: &Json) -> String {
    match value {
        Json::Text(text) => text.clone(),
        Json::Bool(true) => "yes".to_owned(),
        Json::Bool(false) => "no".to_owned(),
        Json::List(values) if values.is_empty() => "-".to_owned(),
        Json::List(values) => {
            let values = values.iter().map(|value| match value {
                Json::Object(_) => value
                    .get("n")
                    .map_or_else(String::new, |n| format!("custom_{n}")),
                value => cell(value),
            });
            values.collect::<Vec<_>>().join(" ")
        }
        value => value.to_string(),
    }
}

/// Aligns the columns of lines.
fn aligned(lines: &[Vec<String>]) -> String {
    let columns = lines.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = lines.iter().filter_map(|line| line.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |line: &Vec<String>| {
        let cells = line.iter().zip(&widths);
        let cells: Vec<String> = cells
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        format!("{}\n", cells.join("  ").trim_end())
    };
    lines.iter().map(line).collect()
}
