//! What ours says to its client: one answer to each request that went on, and at most one refusal, at the end.

use crate::lane::Told;
use crate::meaning::Meaning;

struct Answer {
    status: u16,
    fault: bool,
    closes: bool,
    length: usize,
    end: usize,
}

/// Compares the answers with what went on.
pub fn check(told: &Told, seen: &[Meaning]) -> Option<String> {
    let mut rest = told.answers.as_slice();
    let mut answered = 0;
    loop {
        if rest.is_empty() {
            // A client that has finished before it said all counts as gone, and is told nothing more.
            return None;
        }
        let Some(answer) = head(rest) else {
            return Some(format!("ours answers {:?}", String::from_utf8_lossy(rest)));
        };
        rest = &rest[answer.end..];
        match answer.status {
            100..=199 => {}
            200 => {
                let Some(request) = seen.get(answered) else {
                    return Some("ours answers a request that did not go on".to_owned());
                };
                answered += 1;
                let length = if request.method == "HEAD" {
                    0
                } else {
                    answer.length
                };
                rest = rest.get(length..)?;
            }
            status => {
                let right = matches!(status, 400 | 408 | 413 | 414 | 417 | 431 | 501 | 505)
                    && answer.fault
                    && answer.closes;
                let last = rest.len() == answer.length || rest.is_empty();
                let all = answered == seen.len();
                return (!(right && last && all))
                    .then(|| format!("ours refuses with {status} in a wrong way"));
            }
        }
    }
}

/// The statuses, read as well as can be.
pub fn statuses(answers: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(answers);
    let lines = text.split("HTTP/1.").skip(1);
    lines
        .filter_map(|line| Some(line.get(2..5)?.to_owned()))
        .collect()
}

fn head(bytes: &[u8]) -> Option<Answer> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let text = std::str::from_utf8(&bytes[..end]).ok()?;
    let mut lines = text.split("\r\n");
    let status = lines.next()?.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
    let mut answer = Answer {
        status,
        fault: false,
        closes: false,
        length: 0,
        end: end + 4,
    };
    for line in lines {
        let (name, value) = line.split_once(':')?;
        match name.to_ascii_lowercase().as_str() {
            "x-graylane-fault" => answer.fault = true,
            "connection" => answer.closes = value.trim() == "close",
            "content-length" => answer.length = value.trim().parse().ok()?,
            _ => {}
        }
    }
    Some(answer)
}
