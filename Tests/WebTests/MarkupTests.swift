import Foundation
import Postgres
import Testing

@testable import Web

/// Whatever people and files call things stays a text, on every page, also where a script writes it.
@Suite(.enabled(if: TestSite.isAvailable && Chromium.path != nil, "needs a database and chromium"), .serialized)
struct MarkupTests {
    /// Elements that must never come to be; the quotes end an attribute, the closing tag a title or a field.
    private static let markup = #"<gw-in>x</gw-in>"'></title></textarea><gw-in y="1"><img src=x title=gw-in>"#

    /// The same as the name of a file.
    private static let fileName = #"<gw-in>"'<img src=x title=gw-in>"#

    /// Gives the markup to everything that has a name.
    private static func spoil(_ site: TestSite) async throws -> (case: Int, task: Int) {
        let (id, task) = try await site.makeTask()
        let wang = try await site.browser("wang")
        _ = try await wang.send("POST", "/api/v1/tasks/\(task)/accept")
        _ = try await wang.send("POST", "/api/v1/tasks/\(task)/false-alarm", ["reason": "other", "note": markup])
        let olga = try await site.browser("olga")
        let back = try await olga.send("POST", "/api/v1/cases/\(id)/rework", ["note": markup])
        try #require(back.status == 200, "\(back.text)")
        for sql in [
            "UPDATE grid SET name = $1", "UPDATE post SET title = $1", "UPDATE account SET display_name = left($1, 60)",
            "UPDATE camera SET name = $1, address = $1, tags = ARRAY[$1]",
            "UPDATE hazard_type SET name_zh = $1, name_en = $1",
            "UPDATE hazard_case SET rule_id = $1", "UPDATE alert SET rule_id = $1",
            "UPDATE camera_state SET detail = $1",
            "UPDATE rule_template SET name = $1",
            "INSERT INTO platform (host, name, note) VALUES ('10.0.0.4', $1, $1)",
        ] {
            try await site.pool.query(sql, [.text(markup)])
        }
        // A clip of the tuner: no slash can stand in its name.
        let recordings = site.evidence.appending(path: "recordings/cam-4")
        try FileManager.default.createDirectory(at: recordings, withIntermediateDirectories: true)
        let sample = URL(filePath: TunerTests.root).appending(path: "sample-streams/river-day.mp4")
        try FileManager.default.copyItem(at: sample, to: recordings.appending(path: fileName + ".mp4"))
        let last = try await site.value("SELECT max(id) FROM task WHERE case_id = $1", [.int(id)])
        return (id, try #require(last.flatMap { Int($0) }))
    }

    @Test("the name of a file that a worker chooses is a text, also in the sentence that refuses it")
    func photoNames() async throws {
        try await TestSite.with { site in
            let (_, task) = try await site.makeTask()
            let wang = try await site.browser("wang")
            _ = try await wang.send("POST", "/api/v1/tasks/\(task)/accept")
            try await Chromium.with(wang) { browser in
                try await browser.visit("http://127.0.0.1:\(site.client.port)/tasks/\(task)")
                let name = Self.markup.replacing("'", with: "\\'")
                _ = try await browser.evaluate(
                    """
                    { const list = new DataTransfer();
                      list.items.add(new File(['no picture'], '\(name)', { type: 'image/jpeg' }));
                      const input = document.getElementById('photos'); input.files = list.files;
                      input.dispatchEvent(new Event('change', { bubbles: true })); } 'chosen'
                    """
                )
                try await browser.wait(
                    for: "document.querySelector('#report .problem').textContent.includes('<gw-in>')"
                )
                #expect(try await browser.evaluate(Self.made) == "0")
            }
        }
    }

    /// How many elements the markup became.
    private static let made = "String(document.querySelectorAll('gw-in, [title=\"gw-in\"]').length)"

    @Test("markup in every name, title, note, rule and file makes no element on any page, popup or little map")
    func everywhere() async throws {
        try await TestSite.with { site in
            let (id, task) = try await Self.spoil(site)
            let root = "http://127.0.0.1:\(site.client.port)"
            for (login, paths) in [
                (
                    "boss",
                    [
                        "/cases", "/cases?state=all&q=%3Cgw-in%3E", "/cases/\(id)", "/cameras", "/cameras/cam-4",
                        "/tasks",
                        "/tasks/\(task)", "/map?level=1", "/map?level=4", "/operations", "/accounts", "/account",
                        "/tuner",
                        "/tuner?camera=cam-4", "/nowhere/%3Cgw-in%3E",
                    ]
                ),
                ("wang", ["/tasks", "/tasks/\(task)", "/cases/\(id)", "/account"]),
            ] {
                try await Chromium.with(try await site.browser(login)) { browser in
                    try await browser.resize(width: 1400, height: 1000)
                    for path in paths {
                        try await browser.visit(root + path)
                        try await Self.settle(browser, path)
                        #expect(try await browser.evaluate(Self.made) == "0", "\(path) for \(login)")
                    }
                }
            }
        }
    }

    /// Waits for what scripts draw, and opens what a click opens.
    private static func settle(_ browser: Chromium, _ path: String) async throws {
        if path.hasPrefix("/tuner") {
            try await browser.wait(
                for: "[...document.querySelectorAll('option')].some((one) => one.textContent.includes('<gw-in>'))"
            )
        }
        if path.hasPrefix("/cameras/") || path.hasPrefix("/cases/") {
            try await browser.wait(
                for: "document.querySelector('.snippet .grid-label')?.textContent.includes('<gw-in>')"
            )
        }
        guard path.hasPrefix("/map") else { return }
        try await browser.wait(for: "document.querySelector('#busiest button')?.textContent.includes('<gw-in>')")
        _ = try await browser.evaluate(
            """
            for (const one of document.querySelectorAll('#busiest button, .leaflet-interactive')) {
              one.dispatchEvent(new MouseEvent('click', { bubbles: true })); }
            """
        )
        try await browser.wait(for: "document.querySelector('.leaflet-popup')?.textContent.includes('<gw-in>')")
    }
}
