//! `results/report.html`: the report in one file, which opens from disk and needs no network.
//!
//! What it says is in plain tables, which need no scripts. The scripts under `page/` draw the map of engines and workloads, the
//! plots and the tables of each workload from the records in the page ([`data`](super::data)), sort tables, and keep what was
//! chosen in the address. `page/vendor/` holds uPlot, the library that draws the plots, with its licence.

use std::collections::BTreeSet;
use std::fmt::{Arguments, Write};

use crate::command::command_of_group;
use crate::report::claims;
use crate::report::data;
use crate::report::escape;
use crate::report::machines::Machines;
use crate::report::model::{Family, Task};
use crate::report::prose;
use crate::report::ranking::{self, Ranking};
use crate::report::situations;
use crate::report::table::Table;
use crate::report::tables;
use crate::report::view::View;

const STYLE: [&str; 2] = [include_str!("page/vendor/uPlot.min.css"), include_str!("page/page.css")];

const LIBRARY: [&str; 2] =
    [include_str!("page/vendor/uPlot.LICENSE"), include_str!("page/vendor/uPlot.iife.min.js")];

/// They share one scope, in this order.
const SCRIPTS: [&str; 6] = [
    include_str!("page/data.js"),
    include_str!("page/state.js"),
    include_str!("page/tables.js"),
    include_str!("page/map.js"),
    include_str!("page/plots.js"),
    include_str!("page/workload.js"),
];

const MAIN: &str = include_str!("page/main.js");

const SECTIONS: [(&str, &str); 6] = [
    ("choose", "Which pool for which job"),
    ("map", "All at once"),
    ("workloads", "Workloads"),
    ("claims", claims::TITLE),
    ("machines", "Machines"),
    ("method", "Method"),
];

/// The whole page.
pub(crate) fn report(views: &[View]) -> String {
    let mut page = Page(String::new());
    page.head(views);
    choose(&mut page, views);
    map(&mut page, views);
    workloads(&mut page, views);
    claims(&mut page, views);
    machines(&mut page, views);
    method(&mut page);
    page.scripts(views);
    page.0
}

/// A page that grows from top to bottom.
struct Page(String);

impl Page {
    /// Anything that is HTML already.
    fn raw(&mut self, html: Arguments) {
        // Writing into a string cannot fail.
        let _ = self.0.write_fmt(html);
    }

    /// An element around plain text.
    fn text(&mut self, tag: &str, text: &str) {
        if !text.is_empty() {
            self.raw(format_args!("<{tag}>{}</{tag}>\n", escape::html(text)));
        }
    }

    fn table(&mut self, table: &Table) {
        self.0.push_str(&table.html());
    }

    fn section(&mut self, id: &str, body: impl FnOnce(&mut Page)) {
        let title = SECTIONS.iter().find(|(known, _)| *known == id).map_or("", |(_, title)| title);
        self.raw(format_args!("<section id=\"{id}\">\n<h2>{}</h2>\n", escape::html(title)));
        body(self);
        self.0.push_str("</section>\n");
    }

    fn fold(&mut self, summary: &str, body: impl FnOnce(&mut Page)) {
        self.raw(format_args!("<details><summary>{}</summary>\n", escape::html(summary)));
        body(self);
        self.0.push_str("</details>\n");
    }

    /// The first machine at once, each other one folded.
    fn each_machine(&mut self, views: &[View], mut part: impl FnMut(&mut Page, &View)) {
        for (i, view) in views.iter().enumerate() {
            if i == 0 {
                self.raw(format_args!("<p class=\"whose\">{}</p>\n", escape::html(&view.title())));
                part(self, view);
            } else {
                self.fold(&format!("The same on {}", view.title()), |page| part(page, view));
            }
        }
    }

    fn head(&mut self, views: &[View]) {
        self.raw(format_args!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n<title>What pools cost</title>\n\
             <link rel=\"icon\" href=\"data:,\">\n<style>\n{}\n{}</style>\n</head>\n<body>\n",
            STYLE[0], STYLE[1]
        ));
        self.0.push_str("<header>\n<h1>What pools cost</h1>\n");
        if views.is_empty() {
            self.text("p", "There are no records yet.");
        }
        self.0.push_str("</header>\n<nav aria-label=\"Sections\">\n");
        let has_claims = views.iter().any(|view| !claims::answers(&view.run.records).is_empty());
        for (id, title) in SECTIONS.iter().filter(|(id, _)| *id != "claims" || has_claims) {
            self.raw(format_args!("<a href=\"#{id}\">{}</a>\n", escape::html(title)));
        }
        self.0.push_str("</nav>\n<main>\n");
    }

    fn scripts(&mut self, views: &[View]) {
        self.raw(format_args!(
            "</main>\n<script type=\"application/json\" id=\"data\">{}</script>\n<script>\n/*\n{}*/\n{}</script>\n\
             <script>\n(() => {{\n\"use strict\";\n{}{MAIN}}})();\n</script>\n</body>\n</html>\n",
            data::json(views),
            LIBRARY[0],
            LIBRARY[1],
            SCRIPTS.concat(),
        ));
    }
}

fn choose(page: &mut Page, views: &[View]) {
    page.section("choose", |page| {
        page.text("p", situations::ABOUT);
        page.each_machine(views, |page, view| {
            page.table(&tables::situations(&situations::advice(&view.families)));
            let paragraphs = prose::summary(&view.families, &view.run.machine);
            page.fold("How far to trust this", |page| {
                paragraphs.iter().for_each(|text| page.text("p", text));
            });
        });
    });
}

fn map(page: &mut Page, views: &[View]) {
    page.section("map", |page| {
        page.0.push_str("<form id=\"filters\" hidden></form>\n<div id=\"heat\"></div>\n");
        page.0.push_str("<noscript><p>The map needs scripts; these tables do not.</p></noscript>\n");
        page.each_machine(views, |page, view| {
            page.fold("Families at a glance", |page| page.table(&tables::glance(&view.rankings())));
            page.fold("Workload by workload", |page| page.table(&tables::headline(&view.families)));
            for (title, ranking) in view.overall() {
                page.fold(title, |page| page.table(&tables::ranking(&ranking)));
            }
        });
        page.raw(format_args!("<p class=\"caution\">{}</p>\n", escape::html(prose::MEAN)));
    });
}

/// The families of all machines, in the order in which machines show them.
fn families(views: &[View]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let all = views.iter().flat_map(|view| &view.families).map(|family| family.name.clone());
    all.filter(|name| seen.insert(name.clone())).collect()
}

fn workloads(page: &mut Page, views: &[View]) {
    page.section("workloads", |page| {
        for name in families(views) {
            page.raw(format_args!(
                "<details class=\"family\" id=\"family-{}\"><summary><h3>{}</h3> {}</summary>\n",
                escape::slug(&name),
                escape::html(&name),
                escape::html(prose::family(&name))
            ));
            family(page, views, &name);
            page.0.push_str("</details>\n");
        }
    });
}

fn family(page: &mut Page, views: &[View], name: &str) {
    let of = |view: &View| view.families.iter().find(|family| family.name == name).map(rank_family);
    let rankings: Vec<(String, Ranking)> =
        views.iter().filter_map(|view| Some((view.title(), of(view)?))).collect();
    page.fold("Engines in order over the family", |page| page.table(&tables::side_by_side(&rankings)));
    let mut seen = BTreeSet::new();
    for (view, task) in views.iter().flat_map(|view| view.tasks().map(move |(_, task, _)| (view, task))) {
        if task.family() == name && seen.insert(task.name()) {
            self::task(page, view, task);
        }
    }
}

fn rank_family(family: &Family) -> Ranking {
    ranking::rank(&family.tasks)
}

/// The part of a workload that needs no scripts, from the first machine that has it.
fn task(page: &mut Page, view: &View, task: &Task) {
    let (group, operation) = (task.top(), view.captions.operation(&task.workload));
    page.raw(format_args!("<article id=\"{}\">\n", task.anchor()));
    page.text("h4", &task.title());
    page.text("p", view.captions.models(&task.workload));
    page.0.push_str("<div class=\"body\">\n");
    page.text("p", &format!("{}, threads: {}.", view.title(), group.threads));
    page.table(&tables::brief(group, operation));
    let again = escape::html(&command_of_group(&task.name(), group.threads));
    page.raw(format_args!("<p class=\"again\">Measure it again: <code>{again}</code></p>\n"));
    page.0.push_str("</div>\n</article>\n");
}

fn claims(page: &mut Page, views: &[View]) {
    if views.iter().all(|view| claims::answers(&view.run.records).is_empty()) {
        return;
    }
    page.section("claims", |page| {
        page.text("p", claims::ABOUT);
        page.each_machine(views, |page, view| {
            let answers = claims::answers(&view.run.records);
            if answers.is_empty() {
                return page.text("p", "Not measured on this machine.");
            }
            page.table(&claims::sentences(&answers));
            page.fold("Figures", |page| {
                for answer in &answers {
                    page.text("h4", answer.claim.name);
                    page.table(&claims::figures(&answer.found));
                }
            });
        });
    });
}

fn machines(page: &mut Page, views: &[View]) {
    page.section("machines", |page| {
        if views.len() > 1 {
            let all: Vec<(String, Ranking)> = views.iter().flat_map(overall_of_everything).collect();
            page.text("h3", "Ours against the best peer, machine by machine");
            page.table(&tables::by_machine(views.iter().map(|view| (view.title(), &view.families))));
            let families = views.iter().map(|view| (view.title(), view.families.as_slice()));
            let side_by_side = Machines::new(families);
            page.text("h3", "Where machines disagree about the winner");
            page.text("p", &side_by_side.agreement());
            page.table(&side_by_side.disagreements());
            page.text("h3", "Mean ratios over all workloads");
            page.table(&tables::side_by_side(&all));
        }
        views.iter().for_each(|view| page.table(&tables::machine(&view.run.machine)));
    });
}

/// The last of a machine's overall rankings, under the machine's name.
fn overall_of_everything(view: &View) -> Option<(String, Ranking)> {
    let (_, ranking) = view.overall().pop()?;
    Some((view.title(), ranking))
}

fn method(page: &mut Page) {
    page.section("method", |page| {
        page.0.push_str("<ul>\n");
        prose::method().iter().for_each(|text| page.text("li", text));
        page.0.push_str("</ul>\n");
    });
}
