//! A picture of the Mandelbrot set, one job a row. Rows differ much in cost, as inner points never escape.

use std::sync::{Arc, Mutex};

use crate::engine::Jobs;
use crate::engine::settings::{Allowed, Rule, Settings};
use crate::workload::{About, Failure, Lease, Prepare, Watch, Workload, check};

/// The part of the plane that the picture shows: left edge, lower edge, width and height.
const VIEW: (f64, f64, f64, f64) = (-2.2, -1.5, 3.2, 3.0);

/// `app/mandelbrot`.
pub(crate) struct Mandelbrot {
    frame: Frame,
    /// What each row must be.
    expected: Vec<Vec<u16>>,
    picture: Arc<Vec<Mutex<Vec<u16>>>>,
    lease: Lease,
}

/// The size of the picture, and how long to look at a point.
#[derive(Clone, Copy)]
struct Frame {
    size: u32,
    limit: u16,
}

impl Prepare for Mandelbrot {
    const ABOUT: &'static About = &About {
        name: "app/mandelbrot",
        models: "a picture of the Mandelbrot set, each row a job of its own length",
        operation: "pixel",
        parameters: &[
            Rule::new("size", Allowed::Number { min: 1, max: 4_096 }, "256", "pixels a side").quick("24"),
            Rule::new("limit", Allowed::Number { min: 1, max: u16::MAX as u64 }, "250", "iterations a pixel")
                .quick("50"),
        ],
        headline: Some(""),
        ..About::DEFAULT
    };

    fn prepare(parameters: &Settings) -> Result<Self, Failure> {
        let frame =
            Frame { size: parameters.number("size") as u32, limit: parameters.number("limit") as u16 };
        let expected = (0..frame.size).map(|y| frame.row(y)).collect();
        let picture = Arc::new((0..frame.size).map(|_| Mutex::new(Vec::new())).collect());
        Ok(Mandelbrot { frame, expected, picture, lease: Lease::take() })
    }

    fn operations(&self) -> u64 {
        u64::from(self.frame.size).pow(2)
    }

    fn jobs_in_flight(&self) -> usize {
        self.frame.size as usize
    }
}

impl<E: Jobs> Workload<E> for Mandelbrot {
    fn iterate(&mut self, engine: &Arc<E>, watch: &mut Watch) -> Result<(), Failure> {
        let tally = self.lease.tally();
        let frame = self.frame;
        tally.begin(u64::from(frame.size));
        let rows = watch.run(|| {
            for y in 0..frame.size {
                let picture = Arc::clone(&self.picture);
                engine.execute(move || {
                    let row = frame.row(y);
                    *picture[y as usize].lock().expect("no job panics while it stores a row") = row;
                    drop(picture);
                    tally.add(1);
                });
            }
            tally.wait()
        });
        check(rows?, u64::from(frame.size))?;
        let wrong = self.picture.iter().zip(&self.expected).filter(|(row, expected)| {
            let row = std::mem::take(&mut *row.lock().expect("no job panics while it stores a row"));
            row != **expected
        });
        check(format!("{} wrong rows", wrong.count()), "0 wrong rows".to_owned())
    }
}

impl Frame {
    /// How soon each point of row `y` escapes.
    fn row(self, y: u32) -> Vec<u16> {
        let (left, lower, width, height) = VIEW;
        let step = f64::from(self.size);
        let imaginary = lower + height * f64::from(y) / step;
        (0..self.size).map(|x| self.escape(left + width * f64::from(x) / step, imaginary)).collect()
    }

    /// Iterations of z = z^2 + c until |z| exceeds 2, at most `limit`.
    fn escape(self, re: f64, im: f64) -> u16 {
        let (mut x, mut y) = (0.0, 0.0);
        for i in 0..self.limit {
            let (xx, yy) = (x * x, y * y);
            if xx + yy > 4.0 {
                return i;
            }
            (x, y) = (xx - yy + re, 2.0 * x * y + im);
        }
        self.limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_points() {
        let frame = Frame { size: 8, limit: 100 };
        assert_eq!(frame.escape(0.0, 0.0), 100);
        assert_eq!(frame.escape(-1.0, 0.0), 100);
        assert_eq!(frame.escape(3.0, 0.0), 1);
        assert!((2..100).contains(&frame.escape(0.5, 0.5)));
    }
}
