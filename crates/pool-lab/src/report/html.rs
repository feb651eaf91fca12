//! `results/report.html`: the report in one file, machines side by side.
//!
//! It needs no network and no script. The script only sorts tables and hides machines.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::report::claims;
use crate::report::escape;
use crate::report::model::{Family, Task};
use crate::report::prose;
use crate::report::ranking::{self, Ranking};
use crate::report::svg;
use crate::report::table::Table;
use crate::report::tables;
use crate::report::view::{Figure, Figures, View};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// The whole page.
pub(crate) fn report(views: &[View]) -> String {
    let mut page = Page(String::new());
    page.raw(format_args!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>What pools cost</title>\n\
         <style>\n{STYLE}{}</style>\n</head>\n<body>\n",
        svg::STYLE
    ));
    page.header(views);
    page.raw(format_args!("<main{}>\n", if views.len() > 1 { " class=\"many\"" } else { "" }));
    summary(&mut page, views);
    for name in families(views) {
        family(&mut page, views, &name);
    }
    claims(&mut page, views);
    about(&mut page, views);
    page.raw(format_args!("</main>\n<script>\n{SCRIPT}</script>\n</body>\n</html>\n"));
    page.0
}

/// A page that grows from top to bottom.
struct Page(String);

impl Page {
    /// Anything that is HTML already.
    fn raw(&mut self, html: std::fmt::Arguments) {
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

    fn header(&mut self, views: &[View]) {
        self.0.push_str("<header>\n<h1>What pools cost</h1>\n<nav>\n<a href=\"#summary\">Summary</a>\n");
        for name in families(views) {
            self.raw(format_args!("<a href=\"#{}\">{}</a>\n", anchor(&name), escape::html(&name)));
        }
        if views.iter().any(|view| !claims::answers(&view.run.records).is_empty()) {
            self.raw(format_args!("<a href=\"#claims\">{}</a>\n", claims::TITLE));
        }
        self.0.push_str("<a href=\"#about\">Machine and method</a>\n</nav>\n");
        if views.len() > 1 {
            self.0.push_str("<p id=\"machines\">");
            for (i, view) in views.iter().enumerate() {
                let title = escape::html(&view.title());
                self.raw(format_args!(
                    "<label><input type=\"checkbox\" checked data-machine=\"m{i}\"> {title}</label>\n"
                ));
            }
            self.0.push_str("</p>\n");
        }
        self.0.push_str("</header>\n");
    }

    /// One cell a machine, side by side where there are several and room for them.
    fn each_machine(&mut self, views: &[View], mut cell: impl FnMut(&mut Page, &View)) {
        self.0.push_str("<div class=\"machines\">\n");
        for (i, view) in views.iter().enumerate() {
            self.raw(format_args!("<div class=\"machine m{i}\">\n"));
            if views.len() > 1 {
                self.raw(format_args!("<p class=\"whose\">{}</p>\n", escape::html(&view.title())));
            }
            cell(self, view);
            self.0.push_str("</div>\n");
        }
        self.0.push_str("</div>\n");
    }
}

/// The families of all machines, in the order in which machines show them.
fn families(views: &[View]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let all = views.iter().flat_map(|view| &view.families).map(|family| family.name.clone());
    all.filter(|name| seen.insert(name.clone())).collect()
}

fn anchor(name: &str) -> String {
    format!("family-{}", escape::slug(name))
}

fn summary(page: &mut Page, views: &[View]) {
    page.0.push_str("<section id=\"summary\">\n<h2>Summary</h2>\n");
    if views.is_empty() {
        page.text("p", "There are no records yet.");
    }
    page.each_machine(views, |page, view| {
        let paragraphs = prose::summary(&view.families, &view.run.machine);
        if let [score, rest @ ..] = paragraphs.as_slice() {
            page.raw(format_args!("<p class=\"lead\">{}</p>\n", escape::html(score)));
            rest.iter().for_each(|paragraph| page.text("p", paragraph));
        }
        page.table(&tables::glance(&view.rankings()));
        page.text("h3", "Workload by workload");
        page.table(&tables::headline(&view.families));
        for (i, (title, ranking)) in view.overall().into_iter().enumerate() {
            if i == 0 {
                page.text("h3", title);
                page.table(&tables::ranking(&ranking));
            } else {
                page.raw(format_args!("<details><summary>{title}</summary>\n"));
                page.table(&tables::ranking(&ranking));
                page.0.push_str("</details>\n");
            }
        }
    });
    page.raw(format_args!("<p class=\"caution\">{}</p>\n", escape::html(prose::MEAN)));
    if views.len() > 1 {
        let all: Vec<(String, Ranking)> = views.iter().flat_map(overall_of_everything).collect();
        page.text("h3", "Mean ratios over all workloads, machines side by side");
        page.table(&tables::side_by_side(&all));
    }
    page.0.push_str("</section>\n");
}

/// The last of a machine's overall rankings, under the machine's name.
fn overall_of_everything(view: &View) -> Option<(String, Ranking)> {
    let (_, ranking) = view.overall().pop()?;
    Some((view.title(), ranking))
}

fn family(page: &mut Page, views: &[View], name: &str) {
    page.raw(format_args!("<section id=\"{}\">\n<h2>{}", anchor(name), escape::html(name)));
    page.raw(format_args!(" <small>{}</small></h2>\n", escape::html(prose::family(name))));
    if views.len() > 1 {
        let of = |view: &View| view.families.iter().find(|family| family.name == name).map(rank_family);
        let rankings: Vec<(String, Ranking)> =
            views.iter().filter_map(|view| Some((view.title(), of(view)?))).collect();
        page.table(&tables::side_by_side(&rankings));
    } else {
        for family in views.iter().flat_map(|view| &view.families).filter(|family| family.name == name) {
            page.table(&tables::ranking(&rank_family(family)));
        }
    }
    page.0.push_str("<div class=\"benches\">\n");
    for (workload, variant) in tasks(views, name) {
        self::task(page, views, &workload, &variant);
    }
    page.0.push_str("</div>\n</section>\n");
}

fn rank_family(family: &Family) -> Ranking {
    ranking::rank(&family.tasks)
}

/// Workload and variant of every task of a family that any machine has.
fn tasks(views: &[View], family: &str) -> Vec<(String, String)> {
    let mut seen = BTreeSet::new();
    let of_family = views.iter().flat_map(View::tasks).filter(|(of, ..)| of.name == family);
    let names = of_family.map(|(_, task, _)| (task.workload.clone(), task.variant.clone()));
    names.filter(|name| seen.insert(name.clone())).collect()
}

fn task(page: &mut Page, views: &[View], workload: &str, variant: &str) {
    page.0.push_str("<article>\n");
    let title = if variant.is_empty() { workload.to_owned() } else { format!("{workload} ({variant})") };
    page.text("h3", &title);
    page.text("p", views.first().map_or("", |view| view.captions.models(workload)));
    page.each_machine(views, |page, view| {
        let found = view.tasks().find(|(_, task, _)| task.workload == workload && task.variant == variant);
        match found {
            Some((_, task, figures)) => plots(page, view, task, figures),
            None => page.text("p", "Not measured on this machine."),
        }
    });
    page.0.push_str("</article>\n");
}

fn plots(page: &mut Page, view: &View, task: &Task, figures: &Figures) {
    let figure = |page: &mut Page, figure: &Figure| {
        page.raw(format_args!("<figure>\n{}</figure>\n", figure.plot.inline()));
    };
    figures.first().into_iter().for_each(|first| figure(page, first));
    let (title, others) = figures.others();
    if !others.is_empty() {
        page.raw(format_args!("<details><summary>{title}</summary>\n"));
        others.iter().for_each(|plot| figure(page, plot));
        page.0.push_str("</details>\n");
    }
    page.0.push_str("<details><summary>Numbers</summary>\n");
    for group in task.groups.iter().rev() {
        page.text("p", &format!("Threads: {}. {}", group.threads, prose::group_noise(group)));
        page.table(&tables::group(group, view.captions.operation(&task.workload)));
    }
    page.0.push_str("</details>\n");
}

fn claims(page: &mut Page, views: &[View]) {
    if views.iter().all(|view| claims::answers(&view.run.records).is_empty()) {
        return;
    }
    page.raw(format_args!("<section id=\"claims\">\n<h2>{}</h2>\n", claims::TITLE));
    page.text("p", claims::ABOUT);
    page.each_machine(views, |page, view| {
        let answers = claims::answers(&view.run.records);
        if answers.is_empty() {
            return page.text("p", "Not measured on this machine.");
        }
        page.table(&claims::sentences(&answers));
        page.0.push_str("<details><summary>Figures</summary>\n");
        for answer in &answers {
            page.text("h4", answer.claim.name);
            page.table(&claims::figures(&answer.found));
        }
        page.0.push_str("</details>\n");
    });
    page.0.push_str("</section>\n");
}

fn about(page: &mut Page, views: &[View]) {
    page.0.push_str("<section id=\"about\">\n<h2>Machine and method</h2>\n");
    page.each_machine(views, |page, view| page.table(&tables::machine(&view.run.machine)));
    page.0.push_str("<ul>\n");
    prose::method().iter().for_each(|text| page.text("li", text));
    page.0.push_str("</ul>\n</section>\n");
}
