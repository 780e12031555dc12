import Foundation
import Postgres
import Testing

@testable import Web

extension LiveSite {
    /// What people write is not lost, in a real browser.
    @Suite(.enabled(if: Chromium.path != nil, "install chromium"))
    struct PeopleBrowserTests {
        @Test("who writes is told that the case ended, keeps his text, and is refused with who ended it")
        func notice() async throws {
            let site = try TestSite.current
            let (id, _) = try await site.makeTask()
            try await Chromium.with(try await site.browser("otto")) { browser in
                try await browser.resize(width: 1920, height: 1080)
                try await browser.visit("http://127.0.0.1:\(site.client.port)/cases/\(id)")
                let note = "document.querySelector('form[data-api$=\"/supervise\"] textarea')"
                _ = try await browser.evaluate(
                    "{ const note = \(note); note.closest('details').open = true; note.value = '请街道盯办'; "
                        + "note.dispatchEvent(new Event('input', { bubbles: true })); }"
                )
                let seen = try await site.value("SELECT version FROM hazard_case WHERE id = $1", [.int(id)])
                let rejected = try await site.browser("olga").send(
                    "POST",
                    "/api/v1/cases/\(id)/reject",
                    // The same words: that somebody else has said them does not mean that these were submitted.
                    ["reason": "light", "note": "请街道盯办", "version": seen.flatMap { Int($0) } ?? 0]
                )
                #expect(rejected.status == 200)
                let told = "document.getElementById('notice').textContent.includes('此案件已由OLGA于')"
                try await browser.wait(for: "!document.getElementById('notice').hidden && \(told)")
                #expect(try await browser.evaluate("\(note).value") == "请街道盯办")
                _ = try await browser.evaluate(
                    "document.querySelector('form[data-api$=\"/supervise\"] button').click()"
                )
                let problem = "document.querySelector('form[data-api$=\"/supervise\"] .problem')"
                try await browser.wait(for: "\(problem).textContent.includes('由OLGA于')")
                #expect(try await browser.evaluate("\(note).value") == "请街道盯办")
                // The form is gone with the case; what was written for it is not.
                _ = try await browser.evaluate("document.querySelector('#notice button').click()")
                let leftover = "document.getElementById('leftover')"
                try await browser.wait(for: "\(leftover) && !\(leftover).hidden")
                let left = try await browser.evaluate("\(leftover).textContent")
                #expect(left.contains("请街道盯办") && left.contains("没有提交") && left.contains("此案件已由OLGA于"), "\(left)")
                _ = try await browser.evaluate("\(leftover).querySelector('[data-discard]').click()")
                try await browser.wait(for: "\(leftover).hidden && localStorage.length === 0")
            }
        }

        @Test("text and photo of a worker outlive a session that ended, and go when the server has them")
        func drafts() async throws {
            let site = try TestSite.current
            let (_, task) = try await site.makeTask()
            let wang = try await site.browser("wang")
            #expect(try await wang.send("POST", "/api/v1/tasks/\(task)/accept").status == 200)
            let address = "http://127.0.0.1:\(site.client.port)/tasks/\(task)"
            try await Chromium.with(wang) { browser in
                try await browser.resize(width: 390, height: 844, isPhone: true)
                try await browser.visit(address)
                _ = try await browser.evaluate(
                    """
                    { const note = document.querySelector('#report textarea'); note.value = '已劝离两人';
                      note.dispatchEvent(new Event('input', { bubbles: true }));
                      const canvas = document.createElement('canvas'); canvas.width = 64; canvas.height = 48;
                      canvas.getContext('2d').fillRect(3, 3, 30, 20);
                      canvas.toBlob((blob) => { const list = new DataTransfer();
                        list.items.add(new File([blob], 'photo.jpg', { type: 'image/jpeg' }));
                        const input = document.getElementById('photos'); input.files = list.files;
                        input.dispatchEvent(new Event('change', { bubbles: true })); }, 'image/jpeg'); }
                    """
                )
                try await browser.wait(for: "document.querySelectorAll('#chosen figure').length === 1")
                try await site.pool.query("DELETE FROM session")
                _ = try await browser.evaluate("document.querySelector('#report button.primary').click()")
                try await browser.wait(
                    for: "location.pathname === '/login' && document.body.textContent.includes('仍保存在本机')"
                )
                try await browser.hold(try await site.browser("wang"))
                try await browser.visit(address)
                try await browser.wait(for: "document.querySelectorAll('#chosen figure').length === 1")
                #expect(try await browser.evaluate("document.querySelector('#report textarea').value") == "已劝离两人")
                _ = try await browser.evaluate("document.querySelector('#report button.primary').click()")
                try await browser.wait(for: "document.querySelector('.task-handled')")
                try await browser.visit(address)
                #expect(try await browser.evaluate("String(document.getElementById('leftover').hidden)") == "true")
                #expect(
                    try await browser.evaluate(
                        "String(Object.keys(localStorage).filter((key) => key.includes('draft')).length)"
                    ) == "0"
                )
            }
            let kept = try await site.value(
                "SELECT note || ' ' || (SELECT count(*) FROM task_photo p WHERE p.task_id = t.id) FROM task t WHERE id = $1",
                [.int(task)]
            )
            #expect(kept == "已劝离两人 1")
        }

        @Test("a worker whose task was taken back sees by whom, and what he wrote")
        func leftover() async throws {
            let site = try TestSite.current
            let (id, task) = try await site.makeTask()
            let wang = try await site.browser("wang")
            #expect(try await wang.send("POST", "/api/v1/tasks/\(task)/accept").status == 200)
            try await Chromium.with(wang) { browser in
                try await browser.resize(width: 390, height: 844, isPhone: true)
                try await browser.visit("http://127.0.0.1:\(site.client.port)/tasks/\(task)")
                _ = try await browser.evaluate(
                    "{ const note = document.querySelector('#report textarea'); note.value = '现场无人'; "
                        + "note.dispatchEvent(new Event('input', { bubbles: true })); }"
                )
                let seen = try await site.value("SELECT version FROM hazard_case WHERE id = $1", [.int(id)])
                let moved = try await site.browser("olga").send(
                    "POST",
                    "/api/v1/cases/\(id)/dispatch",
                    ["post_id": try await site.postID("small3"), "version": seen.flatMap { Int($0) } ?? 0]
                )
                #expect(moved.status == 200, "\(moved.text)")
                try await browser.wait(for: "document.getElementById('notice').textContent.includes('此任务已由OLGA于')")
                _ = try await browser.evaluate("document.querySelector('#notice button').click()")
                let leftover = "document.getElementById('leftover')"
                try await browser.wait(for: "\(leftover) && !\(leftover).hidden")
                #expect(try await browser.evaluate("\(leftover).textContent").contains("现场无人"))
                #expect(try await browser.evaluate("document.body.textContent").contains("此任务已由OLGA于"))
                #expect(browser.problems.isEmpty, "\(browser.problems)")
            }
        }

        @Test("posts are found while typing, and those without people cannot be chosen")
        func findsPosts() async throws {
            let site = try TestSite.current
            let id = try await site.makeCase(camera: "cam-4")
            try await Chromium.with(try await site.browser("olga")) { browser in
                try await browser.resize(width: 1920, height: 1080)
                try await browser.visit("http://127.0.0.1:\(site.client.port)/cases/\(id)")
                let list = "document.querySelector('.posts select')"
                #expect(try await browser.evaluate("\(list).selectedOptions[0].textContent").hasPrefix("东一甲微网格长"))
                _ = try await browser.evaluate(
                    "{ const find = document.querySelector('.posts [data-find]'); find.value = '西一'; "
                        + "find.dispatchEvent(new Event('input', { bubbles: true })); }"
                )
                try await browser.wait(
                    for: "\(list).options.length === 1 && \(list).options[0].textContent.startsWith('西一甲')"
                )
                #expect(browser.problems.isEmpty, "\(browser.problems)")
            }
        }
    }
}
