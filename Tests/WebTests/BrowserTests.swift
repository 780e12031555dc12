import Flow
import Foundation
import Postgres
import Store
import Testing

@testable import Web

extension LiveSite {
    /// Pages in a real browser: scripts, the security policy, and whether they fit the screen.
    @Suite(.enabled(if: Chromium.path != nil, "install chromium"))
    struct BrowserTests {
        private static let overflow =
            "String(document.documentElement.scrollWidth - document.documentElement.clientWidth)"

        @Test("the operations page fits desktop and phone, and nothing on it is refused by the browser")
        func fits() async throws {
            let site = try TestSite.current
            try await OperationsTests.makeTrouble(site)
            try await Chromium.with(try await site.browser("boss")) { browser in
                for (width, height) in [(1920, 1080), (390, 844)] {
                    try await browser.resize(width: width, height: height, isPhone: width < 900)
                    for path in ["/operations", "/cases", "/cameras", "/cameras/cam-4"] {
                        try await browser.visit("http://127.0.0.1:\(site.client.port)\(path)")
                        #expect(try await browser.evaluate(Self.overflow) == "0", "\(path) at \(width)")
                    }
                }
                #expect(browser.problems.isEmpty)
            }
        }

        @Test("a click releases a camera, and a filled form makes an override")
        func acts() async throws {
            let site = try TestSite.current
            try await OperationsTests.makeTrouble(site)
            try await Chromium.with(try await site.browser("olga")) { browser in
                try await browser.resize(width: 1920, height: 1080)
                try await browser.visit("http://127.0.0.1:\(site.client.port)/operations")
                let button = "document.querySelector('form[data-api*=\"cam-4/release\"] button')"
                _ = try await browser.evaluate("\(button).click()")
                try await browser.wait(for: "!document.querySelector('form[data-api*=\"release\"]')")
                #expect(try await OperationsTests.count("camera_quarantine") == 1)
                try await browser.wait(for: "document.getElementById('live').classList.contains('on')")
                _ = try await browser.evaluate(
                    """
                    { const form = document.getElementById('override-form').elements;
                      form.target.value = 'road'; form.interval.value = '30'; form.days.value = '67';
                      form.from.value = '07:00'; form.to.value = '19:00';
                      document.querySelector('#override-form button').click(); }
                    """
                )
                try await browser.wait(for: "document.getElementById('overrides').textContent.includes('30 秒')")
                let kept = try await site.value("SELECT schedule FROM sampling_override WHERE tag = 'road'")
                #expect(kept == #"[{"to": "19:00", "days": [6, 7], "from": "07:00"}]"#)
                #expect(browser.problems.isEmpty)
            }
        }

        @Test("an incident appears on an open page by itself, and goes when it is over")
        func banner() async throws {
            let site = try TestSite.current
            try await OperationsTests.makeTrouble(site)
            let incidents = Incidents(pool: site.pool)
            try await incidents.close(.cameras, scope: "10.0.0.4", at: Clocks.system.wall())
            try await Chromium.with(try await site.browser("vera")) { browser in
                try await browser.visit("http://127.0.0.1:\(site.client.port)/cases")
                #expect(try await browser.evaluate("String(document.querySelectorAll('.incident').length)") == "0")
                try await incidents.open(.cameras, at: Clocks.system.wall(), share: 0.9, affected: 512)
                try await browser.wait(for: "document.getElementById('incidents').textContent.includes('512')")
                try await incidents.close(.cameras, at: Clocks.system.wall())
                try await browser.wait(for: "!document.querySelector('.incident')")
            }
        }
    }
}
