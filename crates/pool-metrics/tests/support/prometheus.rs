//! A Prometheus server that is there for one test.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

pub fn is_installed(program: &str) -> bool {
    Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

/// Killed, and its data removed, when it is dropped.
pub struct Prometheus {
    server: Child,
    port: u16,
    folder: PathBuf,
}

impl Prometheus {
    /// Scrapes the page at this port of this machine, once a second.
    pub fn start(page: u16) -> Prometheus {
        let folder = std::env::temp_dir().join(format!("pool-metrics-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let config = format!(
            "global:\n  scrape_interval: 1s\n  scrape_timeout: 1s\nscrape_configs:\n- job_name: pools\n  \
             static_configs:\n  - targets: ['127.0.0.1:{page}']\n"
        );
        let file = folder.join("prometheus.yml");
        fs::write(&file, config).unwrap();
        // Free now, and hardly anything else takes it until the server has.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let server = Command::new("prometheus")
            .arg(format!("--config.file={}", file.display()))
            .arg(format!("--storage.tsdb.path={}", folder.join("data").display()))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .stdout(Stdio::null())
            .stderr(fs::File::create(folder.join("log")).unwrap())
            .spawn()
            .unwrap();
        Prometheus { server, port, folder }
    }

    /// The only number that a query gives.
    pub fn value(&self, query: &str) -> f64 {
        let answer = self.get(&format!("/api/v1/query?query={}", encoded(query)));
        let answer: serde_json::Value = serde_json::from_str(&answer).expect("the API answers in JSON");
        let result = answer["data"]["result"].as_array().unwrap_or_else(|| panic!("{query}: {answer}"));
        let [only] = &result[..] else { panic!("{query}: {answer}") };
        only["value"][1].as_str().expect("a number is a string").parse().unwrap()
    }

    fn get(&self, path: &str) -> String {
        let mut connection = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        write!(connection, "GET {path} HTTP/1.0\r\n\r\n").unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        answer.split_once("\r\n\r\n").expect("a header").1.to_owned()
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
        if std::thread::panicking() {
            eprintln!("{}", fs::read_to_string(self.folder.join("log")).unwrap_or_default());
        }
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// As a part of an address: all but letters and digits by their codes.
fn encoded(query: &str) -> String {
    let encode = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    query.bytes().map(encode).collect()
}
