//! Reads long answers, and tells how much memory workerd needs for them.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;

use crate::partner::Partner;

/// Reads an answer and drops it. Returns its length.
pub fn read(partner: &Partner, path: &str) -> usize {
    let request = partner.get(path);
    let credentials = request.credentials().unwrap();
    let address = partner.server.origin.strip_prefix("http://").unwrap();
    let mut connection = TcpStream::connect(address).unwrap();
    let head = format!(
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: {credentials}\r\nConnection: close\r\n\r\n"
    );
    connection.write_all(head.as_bytes()).unwrap();
    let mut chunk = vec![0; 1 << 20];
    let (mut length, mut end) = (0, Vec::new());
    while let Ok(read @ 1..) = connection.read(&mut chunk) {
        length += read;
        end.extend_from_slice(&chunk[..read]);
        end.drain(..end.len().saturating_sub(64));
    }
    let end = String::from_utf8_lossy(&end);
    assert!(
        end.contains("\"complete\":true}") || end.contains("\"numpages\":1}"),
        "{end}"
    );
    length
}

/// The processes of workerd that this benchmark's server has started.
fn workerds() -> Vec<u32> {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    ids.filter(|id| field(*id, "Name:").is_some_and(|name| name == "workerd") && is_ours(*id))
        .collect()
}

fn is_ours(id: u32) -> bool {
    let parent = field(id, "PPid:").and_then(|parent| parent.parse().ok());
    parent.is_some_and(|parent: u32| parent == std::process::id() || parent > 1 && is_ours(parent))
}

fn field(id: u32, name: &str) -> Option<String> {
    let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    Some(line.trim().to_owned())
}

/// Makes the present memory of workerd its peak.
pub fn forget_peaks() {
    for id in workerds() {
        fs::write(format!("/proc/{id}/clear_refs"), "5").unwrap();
    }
}

/// The most memory that workerd had since then; that of its largest process.
pub fn peak_mb() -> u64 {
    let kb = |id| field(id, "VmHWM:")?.split(' ').next()?.parse::<u64>().ok();
    workerds().into_iter().filter_map(kb).max().unwrap() / 1_000
}
