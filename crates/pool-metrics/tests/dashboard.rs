//! The dashboard asks for metrics that there are.

mod support {
    pub mod exposition;
}

use std::collections::BTreeSet;
use std::sync::Arc;

use pool_bounded::BoundedPool;
use pool_core::Timing;
use pool_metrics::Pools;
use prometheus_client::encoding::prometheus_text;
use prometheus_client::registry::Registry;
use serde_json::Value;

use self::support::exposition::Exposition;

fn dashboard() -> Value {
    serde_json::from_str(include_str!("../grafana/dashboard.json")).expect("it is JSON")
}

/// All metrics that a pool with timing has.
fn exported() -> BTreeSet<String> {
    let pool = Arc::new(BoundedPool::builder().threads(1).timing(Timing::Every).build().unwrap());
    let pools = Pools::new();
    pools.add(&pool).unwrap();
    let mut registry = Registry::default();
    registry.register_collector(Box::new(pools));
    let mut page = String::new();
    prometheus_text::encode(&mut page, &registry).unwrap();
    Exposition::parse(&page).names()
}

/// What its panels and variables ask Prometheus.
fn queries(dashboard: &Value) -> Vec<&str> {
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels.iter().filter_map(|panel| panel["targets"].as_array()).flatten();
    let variables = dashboard["templating"]["list"].as_array().unwrap().iter();
    let of_panels = targets.map(|target| target["expr"].as_str().expect("a target has a query"));
    of_panels.chain(variables.filter_map(|variable| variable["query"].as_str())).collect()
}

/// The names in a query that begin as ours do.
fn metrics(query: &str) -> impl Iterator<Item = &str> {
    query
        .split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
        .filter(|word| word.starts_with("pool_"))
}

#[test]
fn its_queries_name_metrics_that_there_are() {
    let (dashboard, exported) = (dashboard(), exported());
    let asked: BTreeSet<&str> = queries(&dashboard).into_iter().flat_map(metrics).collect();
    let unknown: Vec<&&str> = asked.iter().filter(|name| !exported.contains(**name)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
    // And the other way round, but for what is not for a picture.
    let shown = |name: &str| {
        let base = ["_bucket", "_sum", "_count"].iter().find_map(|suffix| name.strip_suffix(suffix));
        asked.iter().any(|asked| *asked == name || base.is_some_and(|base| asked.starts_with(base)))
    };
    let hidden: Vec<&String> = exported.iter().filter(|name| !shown(name)).collect();
    assert_eq!(hidden, ["pool_worker_stolen_jobs_total"], "everything else is on it");
}

#[test]
fn each_panel_has_a_title_queries_and_a_place_of_its_own() {
    let dashboard = dashboard();
    let panels = dashboard["panels"].as_array().unwrap();
    let mut taken = BTreeSet::new();
    for panel in panels {
        assert!(panel["title"].as_str().is_some_and(|title| !title.is_empty()));
        assert!(panel["targets"].as_array().is_some_and(|targets| !targets.is_empty()));
        assert_eq!(panel["datasource"]["uid"], "${datasource}");
        let [x, y, w, h] = ["x", "y", "w", "h"].map(|key| panel["gridPos"][key].as_u64().unwrap());
        assert!(x + w <= 24);
        for (column, row) in (x..x + w).flat_map(|column| (y..y + h).map(move |row| (column, row))) {
            assert!(taken.insert((column, row)), "{} lies on another", panel["title"]);
        }
    }
    let ids: BTreeSet<u64> = panels.iter().map(|panel| panel["id"].as_u64().unwrap()).collect();
    assert_eq!(ids.len(), panels.len());
}
