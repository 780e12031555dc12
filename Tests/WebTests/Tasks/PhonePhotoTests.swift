import Foundation
import Postgres
import Testing

@testable import Web

extension LiveSite {
    /// The photos of a report on a phone: none lost, none too many, each with what became of it.
    @Suite(.enabled(if: Chromium.path != nil, "install chromium"))
    struct PhonePhotoTests {
        private static let count = "document.querySelector('[data-count]').textContent"
        private static let isIdle = "!document.querySelector('#report[aria-busy]')"
        private static let submit = "document.querySelector('#report button.primary').click()"

        /// The page of a task that was accepted, on a phone.
        private func onPhone(_ body: (TestSite, Chromium, _ task: Int) async throws -> Void) async throws {
            let site = try TestSite.current
            let (_, task) = try await site.makeTask()
            let wang = try await site.browser("wang")
            try #require(try await wang.send("POST", "/api/v1/tasks/\(task)/accept").status == 200)
            try await Chromium.with(wang) { browser in
                try await browser.resize(width: 390, height: 844, isPhone: true)
                try await Self.visit(site, browser, task)
                try await body(site, browser, task)
            }
        }

        private static func visit(_ site: TestSite, _ browser: Chromium, _ task: Int) async throws {
            try await browser.visit("http://127.0.0.1:\(site.client.port)/tasks/\(task)")
        }

        /// Chooses photos, one of another colour for each number.
        private static func choose(_ browser: Chromium, _ numbers: ClosedRange<Int>, then shown: Int) async throws {
            _ = try await browser.evaluate(
                """
                (async () => {
                  const list = new DataTransfer();
                  for (let n = \(numbers.lowerBound); n <= \(numbers.upperBound); n += 1) {
                    const canvas = document.createElement('canvas'); canvas.width = 64; canvas.height = 48;
                    const pen = canvas.getContext('2d');
                    pen.fillStyle = `hsl(${n * 40} 80% 50%)`; pen.fillRect(0, 0, 64, 48);
                    const blob = await new Promise((done) => canvas.toBlob(done, 'image/jpeg'));
                    list.items.add(new File([blob], `p${n}.jpg`, { type: 'image/jpeg' }));
                  }
                  const input = document.getElementById('photos'); input.files = list.files;
                  input.dispatchEvent(new Event('change', { bubbles: true }));
                })(); 'chosen'
                """
            )
            try await browser.wait(for: "document.querySelectorAll('#chosen figure').length === \(shown)")
        }

        /// Requests whose method and path hold `words` have this end from now on; JavaScript over `go`, which sends one.
        private static func spoil(_ browser: Chromium, _ words: String, _ end: String) async throws {
            _ = try await browser.evaluate(
                """
                { window.honest ??= window.fetch; window.spoilt = 0;
                  window.fetch = async (path, options) => {
                    const go = () => window.honest(path, options);
                    if (!`${options?.method} ${path}`.match(/\(words)/)) return go();
                    window.spoilt += 1; \(end) }; } 'spoilt'
                """
            )
        }

        private static let loseAnswer = "await go(); throw new TypeError('lost');"

        private static func files(_ site: TestSite, _ task: Int) -> Set<String> {
            let folder = site.evidence.appending(path: "tasks/\(task)").path
            return Set((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
        }

        private static func photos(_ site: TestSite, _ task: Int) async throws -> String? {
            try await site.value("SELECT count(*) FROM task_photo WHERE task_id = $1", [.int(task)])
        }

        @Test("after a report that failed and a reload, a removed photo makes room at the server: six of six fit")
        func removedAfterReload() async throws {
            try await onPhone { site, browser, task in
                try await Self.choose(browser, 1...6, then: 6)
                // Somebody was faster with something: the report is refused, its photos have arrived.
                try await site.pool.query("UPDATE task SET version = version + 1 WHERE id = $1", [.int(task)])
                _ = try await browser.evaluate(Self.submit)
                try await browser.wait(for: "!document.querySelector('#report .problem').hidden")
                try await browser.wait(for: "\(Self.count).includes('已上传 6')")
                let before = Self.files(site, task)
                #expect(before.count == 6)
                try await Self.visit(site, browser, task)
                try await browser.wait(for: "\(Self.count).includes('已上传 6')")
                _ = try await browser.evaluate("document.querySelector('#chosen figure button').click()")
                try await browser.wait(for: "document.querySelectorAll('#chosen figure').length === 5")
                try await Self.choose(browser, 7...7, then: 6)
                _ = try await browser.evaluate(Self.submit)
                try await browser.wait(for: "document.querySelector('.task-handled')")
                #expect(try await Self.photos(site, task) == "6")
                let after = Self.files(site, task)
                #expect(after.count == 6 && before.subtracting(after).count == 1)
            }
        }

        @Test("a photo whose answer was lost, and one that was removed without a network, keep no place either")
        func removedWithoutAnswer() async throws {
            try await onPhone { site, browser, task in
                try await Self.choose(browser, 1...2, then: 2)
                try await Self.spoil(browser, "POST .*photos", Self.loseAnswer)
                _ = try await browser.evaluate(Self.submit)
                try await browser.wait(for: "\(Self.count).includes('失败 1') && \(Self.isIdle)")
                #expect(Self.files(site, task).count == 1, "it arrived, and nobody was told")
                try await Self.spoil(browser, "(POST|DELETE) .*photos", "throw new TypeError('no network');")
                _ = try await browser.evaluate("document.querySelector('#chosen figure.failed button').click()")
                try await browser.wait(for: "window.spoilt > 0")
                #expect(Self.files(site, task).count == 1)
                try await Self.visit(site, browser, task)
                for _ in 0..<600 where !Self.files(site, task).isEmpty {
                    try await Task.sleep(for: .milliseconds(100))
                }
                #expect(Self.files(site, task).isEmpty, "with the network it is taken back")
                #expect(try await browser.evaluate("String(document.querySelectorAll('#chosen figure').length)") == "1")
            }
        }

        @Test("waiting, sent and failed photos are counted; one that failed says why, and is tried again or removed")
        func queue() async throws {
            try await onPhone { site, browser, task in
                try await Self.choose(browser, 1...3, then: 3)
                #expect(try await browser.evaluate(Self.count) == "待上传 3 · 已上传 0 · 失败 0")
                let refused =
                    "if (window.spoilt === 2) { return new Response('{\"detail\": \"照片损坏\"}', { status: 422 }); } return go();"
                try await Self.spoil(browser, "POST .*photos", refused)
                _ = try await browser.evaluate(Self.submit)
                let told = "document.querySelector('#report .problem').textContent.includes('1 张照片没有传成')"
                try await browser.wait(for: "\(told) && \(Self.isIdle)")
                #expect(try await browser.evaluate(Self.count) == "待上传 0 · 已上传 2 · 失败 1")
                let failed = "document.querySelector('#chosen figure.failed')"
                #expect(try await browser.evaluate("\(failed).textContent").contains("照片损坏"))
                let shown = "[...document.querySelectorAll('#chosen .retry')].filter((one) => one.offsetParent).length"
                #expect(try await browser.evaluate("String(\(shown))") == "1")
                _ = try await browser.evaluate("\(failed).querySelector('.retry').click()")
                try await browser.wait(for: "\(Self.count) === '待上传 0 · 已上传 3 · 失败 0'")
                #expect(try await Self.photos(site, task) == "0", "the report has not come yet")
                _ = try await browser.evaluate(Self.submit)
                try await browser.wait(for: "document.querySelector('.task-handled')")
                #expect(try await Self.photos(site, task) == "3")
            }
        }

        @Test("a photo that finds the server full is tried again by itself, after the time that the server asks for")
        func full() async throws {
            try await onPhone { site, browser, task in
                try await Self.choose(browser, 1...1, then: 1)
                let busy =
                    "if (window.spoilt <= 2) { return new Response('{\"detail\": \"忙\"}', "
                    + "{ status: 503, headers: { 'Retry-After': '1' } }); } return go();"
                try await Self.spoil(browser, "POST .*photos", busy)
                _ = try await browser.evaluate(Self.submit)
                try await browser.wait(for: "document.querySelector('.task-handled')")
                #expect(try await Self.photos(site, task) == "1")
            }
        }

        @Test("time and place go along only with a tick, which is remembered; a turned photo is not turned twice")
        func origin() async throws {
            let bytes = try TestPicture.jpegWithOrigin(5, orientation: 6)
            let base64 = Data(bytes).base64EncodedString()
            for ticks in [false, true] {
                try await onPhone { site, browser, task in
                    let tick = "document.querySelector('[data-origin]')"
                    #expect(try await browser.evaluate("String(\(tick).checked)") == "false")
                    if ticks { _ = try await browser.evaluate("\(tick).click()") }
                    _ = try await browser.evaluate(
                        """
                        { const bytes = Uint8Array.from(atob('\(base64)'), (one) => one.charCodeAt(0));
                          const list = new DataTransfer();
                          list.items.add(new File([bytes], 'field.jpg', { type: 'image/jpeg' }));
                          const input = document.getElementById('photos'); input.files = list.files;
                          input.dispatchEvent(new Event('change', { bubbles: true })); } 'chosen'
                        """
                    )
                    try await browser.wait(for: "document.querySelectorAll('#chosen figure').length === 1")
                    // Also what was chosen before a reload has its time and place.
                    try await Self.visit(site, browser, task)
                    try await browser.wait(for: "document.querySelectorAll('#chosen figure').length === 1")
                    #expect(try await browser.evaluate("String(\(tick).checked)") == "\(ticks)", "remembered")
                    _ = try await browser.evaluate(Self.submit)
                    try await browser.wait(for: "document.querySelector('.task-handled')")
                    let place = try await site.value(
                        "SELECT count(taken_at) + count(place) FROM task_photo WHERE task_id = $1",
                        [.int(task)]
                    )
                    #expect(place == (ticks ? "2" : "0"))
                    // Asked for by itself: what is below the screen is not loaded.
                    _ = try await browser.evaluate(
                        "fetch(document.querySelector('.thumbs a').href).then((answer) => answer.blob())"
                            + ".then(createImageBitmap).then((one) => { window.size = `${one.width}x${one.height}`; }); ''"
                    )
                    try await browser.wait(for: "window.size")
                    #expect(try await browser.evaluate("window.size") == "32x48")
                }
            }
        }

        @Test("a report whose answer was lost is not called unsent: the server is asked first")
        func lostReport() async throws {
            try await onPhone { site, browser, task in
                try await Self.choose(browser, 1...1, then: 1)
                _ = try await browser.evaluate(
                    "{ const note = document.querySelector('#report textarea'); note.value = '已处置'; "
                        + "note.dispatchEvent(new Event('input', { bubbles: true })); } 'written'"
                )
                try await Self.spoil(browser, "POST .*handled", Self.loseAnswer)
                _ = try await browser.evaluate(Self.submit)
                try await browser.wait(for: "window.spoilt === 1 && !document.querySelector('#report .problem').hidden")
                #expect(try await Self.photos(site, task) == "1")
                try await Self.visit(site, browser, task)
                let drafts = "Object.keys(localStorage).filter((key) => key.includes('draft/')).length"
                try await browser.wait(for: "\(drafts) === 0")
                #expect(try await browser.evaluate("String(document.getElementById('leftover').hidden)") == "true")
            }
        }

        @Test("what is left of a task says that the server was asked, or that it cannot be")
        func asksFirst() async throws {
            try await onPhone { site, browser, task in
                _ = try await browser.evaluate(
                    "{ const note = document.querySelector('#report textarea'); note.value = '现场无人'; "
                        + "note.dispatchEvent(new Event('input', { bubbles: true })); } 'written'"
                )
                let other = try await site.browser("wang").send(
                    "POST",
                    "/api/v1/tasks/\(task)/handled",
                    ["note": "另一部手机上写的"]
                )
                #expect(other.status == 200, "\(other.text)")
                try await Self.visit(site, browser, task)
                let leftover = "document.getElementById('leftover')"
                try await browser.wait(for: "!\(leftover).hidden")
                let sure = try await browser.evaluate("\(leftover).textContent")
                #expect(sure.contains("现场无人") && sure.contains("没有提交") && sure.contains("此任务已由WANG于"), "\(sure)")
                try await Self.spoil(browser, "GET .*api.v1.tasks", "throw new TypeError('no network');")
                _ = try await browser.evaluate(
                    "document.dispatchEvent(new CustomEvent('gridwatch-refreshed')); 'asked'"
                )
                try await browser.wait(for: "\(leftover).textContent.includes('暂时无法向服务器核实')")
                #expect(!(try await browser.evaluate("\(leftover).textContent").contains("没有提交")))
            }
        }
    }
}
