//! `results/README.md`: the report for those who read on GitHub.

use crate::command::command_of_group;
use crate::report::claims;
use crate::report::escape;
use crate::report::machines::Machines;
use crate::report::model::{Family, Task};
use crate::report::prose;
use crate::report::ranking::Ranking;
use crate::report::situations;
use crate::report::tables;
use crate::report::view::{Figure, Figures, PLOTS, View};

/// A report that grows from top to bottom.
struct Page(String);

impl Page {
    fn heading(&mut self, level: usize, text: &str) {
        self.block(format!("{} {}", "#".repeat(level), escape::markdown(text)));
    }

    /// Plain text.
    fn paragraph(&mut self, text: &str) {
        self.block(escape::markdown(text));
    }

    /// Anything that is Markdown already.
    fn block(&mut self, markdown: impl AsRef<str>) {
        self.0.push_str(markdown.as_ref().trim_end());
        self.0.push_str("\n\n");
    }

    fn fold(&mut self, summary: &str, body: impl FnOnce(&mut Page)) {
        self.block(format!("<details><summary>{}</summary>", escape::html(summary)));
        body(self);
        self.block("</details>");
    }
}

/// The whole report.
pub(crate) fn report(views: &[View]) -> String {
    let mut page = Page("<!-- Generated from the records beside it by `pool-lab report`. -->\n\n".to_owned());
    page.heading(1, "What pools cost");
    if views.is_empty() {
        page.paragraph("There are no records yet.");
    }
    if views.len() > 1 {
        page.block(contents(views));
    }
    for view in views {
        machine(&mut page, view);
    }
    if views.len() > 1 {
        page.heading(2, "Ours against the best peer, machine by machine");
        page.block(tables::by_machine(views.iter().map(|view| (view.title(), &view.families))).markdown());
        machines(&mut page, views);
    }
    page.heading(2, "How to read this");
    page.block(
        prose::method().iter().map(|text| format!("- {}\n", escape::markdown(text))).collect::<String>(),
    );
    page.block(
        "The same with a map, plots and filters: [report.html](report.html), a file to open from disk.",
    );
    page.0.truncate(page.0.trim_end().len());
    page.0.push('\n');
    page.0
}

fn machines(page: &mut Page, views: &[View]) {
    let machines = Machines::new(views.iter().map(|view| (view.title(), view.families.as_slice())));
    page.heading(3, "Where machines disagree about the winner");
    page.paragraph(&machines.agreement());
    page.block(machines.disagreements().markdown());
    page.heading(3, "Ratios to the fastest pool, machine by machine");
    for family in machines.families() {
        page.fold(family, |page| page.block(machines.ratios(family).markdown()));
    }
}

fn contents(views: &[View]) -> String {
    let line = |view: &View| {
        let cpu = view.run.machine.cpu.as_deref().unwrap_or("processor unknown");
        format!(
            "- {}\n",
            escape::markdown(&format!("{}: {cpu}, {} cores", view.title(), view.run.machine.cores))
        )
    };
    views.iter().map(line).collect()
}

fn machine(page: &mut Page, view: &View) {
    page.heading(2, &view.title());
    page.heading(3, "Which pool for which job");
    page.paragraph(situations::ABOUT);
    page.block(tables::situations(&situations::advice(&view.families)).markdown());
    for paragraph in prose::summary(&view.families, &view.run.machine) {
        page.paragraph(&paragraph);
    }
    let rankings = view.rankings();
    page.block(tables::glance(&rankings).markdown());
    page.heading(3, "Workload by workload");
    page.block(tables::headline(&view.families).markdown());
    for (title, ranking) in view.overall() {
        page.heading(3, title);
        page.block(tables::ranking(&ranking).markdown());
    }
    page.paragraph(prose::MEAN);
    for (family, ranking) in &rankings {
        self::family(page, view, family, ranking);
    }
    claims(page, view);
    page.heading(3, "Machine");
    page.block(tables::machine(&view.run.machine).markdown());
}

fn claims(page: &mut Page, view: &View) {
    let answers = claims::answers(&view.run.records);
    if answers.is_empty() {
        return;
    }
    page.heading(3, claims::TITLE);
    page.paragraph(claims::ABOUT);
    page.block(claims::sentences(&answers).markdown());
    for answer in &answers {
        page.fold(&format!("Figures: {}", answer.claim.name), |page| {
            page.block(claims::figures(&answer.found).markdown());
        });
    }
}

fn family(page: &mut Page, view: &View, family: &Family, ranking: &Ranking) {
    page.heading(3, &format!("Family {}: {}", family.name, prose::family(&family.name)));
    page.block(tables::ranking(ranking).markdown());
    for (of, task, figures) in view.tasks() {
        if of.name == family.name {
            self::task(page, view, task, figures);
        }
    }
}

fn task(page: &mut Page, view: &View, task: &Task, figures: &Figures) {
    page.heading(4, &task.title());
    page.paragraph(view.captions.models(&task.workload));
    let image = |figure: &Figure| {
        // Folder names are slugs or, if someone made them by hand, escaped; file names are slugs.
        let source = format!("{}/{PLOTS}/{}", view.run.path, figure.file);
        format!("<img src=\"{}\" alt=\"{}\" width=\"760\">", escape::html(&source), escape::html(&figure.alt))
    };
    figures.first().into_iter().for_each(|figure| page.block(image(figure)));
    let (title, others) = figures.others();
    if !others.is_empty() {
        page.fold(title, |page| others.iter().for_each(|figure| page.block(image(figure))));
    }
    page.fold("Numbers", |page| {
        for group in task.groups.iter().rev() {
            page.paragraph(&format!("Threads: {}. {}", group.threads, prose::group_noise(group)));
            let again = command_of_group(&task.name(), group.threads);
            page.block(format!("Again: `{again}`; one engine alone with `-p` and its name."));
            page.block(tables::group(group, view.captions.operation(&task.workload)).markdown());
        }
    });
}
