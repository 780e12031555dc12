import Foundation
import Postgres
import Store
import Testing

@testable import Web

extension LiveSite {
    @Suite struct LoginTests {
        @Test("a login sets an HttpOnly cookie that opens the site, and a logout kills it at the server")
        func loginAndLogout() async throws {
            let site = try TestSite.current
            let answer = try await site.logIn("vera")
            #expect(answer.status == 201)
            let cookies = answer.headers.filter { $0.name == "set-cookie" }.map(\.value)
            #expect(cookies.count == 2, "the mark of the device and the session")
            for cookie in cookies {
                #expect(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && cookie.contains("Path=/"))
                #expect(!cookie.contains("Secure"), "plain HTTP: the browser would drop the cookie")
            }
            let browser = Browser(client: site.client, cookie: answer.sessionCookie)
            #expect(try await browser.get("/api/v1/session").json["login"] as? String == "vera")
            #expect(try await browser.send("DELETE", "/api/v1/session").status == 204)
            #expect(try await browser.get("/api/v1/session").status == 401)
        }

        @Test("a session is made at the login, whatever the browser showed before, and a failed login ends none")
        func fixation() async throws {
            let site = try TestSite.current
            func logIn(_ password: String, showing cookie: String) async throws -> Answer {
                try await Browser(client: site.client, cookie: cookie)
                    .send("POST", "/api/v1/session", ["login": "vera", "password": password])
            }
            let planted = "gw_session=" + String(repeating: "A", count: 43)
            let first = try await logIn(TestSite.password, showing: planted)
            let own = try #require(first.sessionCookie)
            #expect(own != planted)
            #expect(try await Browser(client: site.client, cookie: planted).get("/api/v1/session").status == 401)
            let browser = Browser(client: site.client, cookie: own)
            #expect(try await logIn("wrong-password", showing: own).status == 401)
            #expect(try await browser.get("/api/v1/session").status == 200)
            let second = try await logIn(TestSite.password, showing: own)
            #expect(second.status == 201 && second.sessionCookie != own)
            #expect(try await browser.get("/api/v1/session").status == 401, "a browser holds one session")
        }

        @Test("unknown names, wrong passwords and disabled accounts get the same answer")
        func sameAnswer() async throws {
            let site = try TestSite.current
            try await site.pool.query("DELETE FROM login_failure")
            try await site.pool.query(
                "INSERT INTO account (login, display_name, role, password_hash, disabled) "
                    + "SELECT 'gone', 'x', 'viewer', password_hash, true FROM account WHERE login = 'vera'"
            )
            let answers = [
                try await site.logIn("nobody-here"), try await site.logIn("vera", "wrong-password"),
                try await site.logIn("gone"),
            ]
            for answer in answers {
                #expect(answer.status == 401)
                #expect(answer.json["code"] as? String == "unauthenticated")
                #expect(answer.json["detail"] as? String == answers[0].json["detail"] as? String)
                #expect(answer.header("set-cookie") == nil)
            }
        }

        @Test("a session ends when it was idle too long, when its time is over, and when the account is disabled")
        func sessionsEnd() async throws {
            let site = try TestSite.current
            for change in [
                "UPDATE session SET seen_at = now() - interval '3 hours'",
                "UPDATE session SET expires_at = now() - interval '1 second'",
            ] {
                let browser = try await site.browser("vera")
                #expect(try await browser.get("/api/v1/session").status == 200)
                try await site.pool.query(
                    "\(change) WHERE account_id = (SELECT id FROM account WHERE login = 'vera')"
                )
                #expect(try await browser.get("/api/v1/session").status == 401)
            }
            let boss = try await site.browser("boss")
            let made = try await boss.send(
                "POST",
                "/api/v1/accounts",
                ["login": "shorty", "display_name": "S", "role": "viewer"]
            )
            let id = try #require((made.json["account"] as? [String: Any])?["id"] as? Int)
            let shorty = try await site.browser("shorty")
            #expect(try await shorty.get("/api/v1/session").status == 200)
            #expect(try await boss.send("POST", "/api/v1/accounts/\(id)/disable").status == 200)
            #expect(try await shorty.get("/api/v1/session").status == 401)
        }

        @Test("a request of a page that updates itself does not keep a session alive")
        func liveRequestsDoNotCount() async throws {
            let site = try TestSite.current
            let browser = try await site.browser("vera")
            let cookie = try #require(browser.cookie)
            let token = try #require(SessionToken(cookie: String(cookie.dropFirst("gw_session=".count))))
            try await site.pool.query(
                "UPDATE session SET seen_at = now() - interval '5 minutes' WHERE token_hash = $1",
                [.bytes(token.hash)]
            )
            let idle = "SELECT extract(epoch FROM now() - seen_at)::int > 200 FROM session WHERE token_hash = $1"
            let live = browser.headers + [("X-Gridwatch-Live", "1")]
            #expect(try await site.client.send("GET", "/cases", headers: live).status == 200)
            #expect(try await site.value(idle, [.bytes(token.hash)]) == "true")
            #expect(try await browser.page("/cases").status == 200)
            #expect(try await site.value(idle, [.bytes(token.hash)]) == "false")
        }

        @Test("a one-time password is good for choosing an own one only, which ends the other sessions")
        func oneTimePassword() async throws {
            let site = try TestSite.current
            let boss = try await site.browser("boss")
            let made = try await boss.send(
                "POST",
                "/api/v1/accounts",
                ["login": "novice", "display_name": "新人", "role": "operator"]
            )
            #expect(made.status == 201)
            let password = try #require(made.json["password"] as? String)
            let login = try await site.logIn("novice", password)
            #expect(login.json["must_change"] as? Bool == true)
            let browser = Browser(client: site.client, cookie: login.sessionCookie)
            let other = try await site.browser("novice")
            #expect(try await browser.get("/api/v1/cases").json["code"] as? String == "password-change-required")
            #expect(try await browser.page("/cases").header("location") == "/account")
            let path = "/api/v1/session/password"
            for bad in ["short", password, "Password123", "novice"] {
                #expect(try await browser.send("PUT", path, ["current": password, "new": bad]).status == 422)
            }
            #expect(try await browser.send("PUT", path, ["current": "wrong", "new": "Neues-Wort-1"]).status == 422)
            #expect(try await browser.send("PUT", path, ["current": password, "new": "Neues-Wort-1"]).status == 204)
            #expect(try await browser.get("/api/v1/cases").status == 200)
            #expect(try await other.get("/api/v1/session").status == 401)
            #expect(try await site.logIn("novice", "Neues-Wort-1").status == 201)
        }

        @Test("an account cannot be made twice, without the post that a worker needs, or with a name that is none")
        func accountRules() async throws {
            let boss = try await TestSite.current.browser("boss")
            let path = "/api/v1/accounts"
            #expect(
                try await boss.send("POST", path, ["login": "vera", "display_name": "V", "role": "viewer"]).status
                    == 409
            )
            #expect(
                try await boss.send("POST", path, ["login": "w2", "display_name": "W", "role": "worker"]).status == 422
            )
            #expect(
                try await boss.send("POST", path, ["login": "A b", "display_name": "W", "role": "viewer"]).status == 422
            )
            let unknown = try await boss.send(
                "POST",
                path,
                ["login": "w3", "display_name": "W", "role": "worker", "post_id": 99_999]
            )
            #expect(unknown.status == 422)
            #expect(
                try await boss.send("POST", path, ["login": "w4", "display_name": "W", "role": "king"]).status == 400
            )
        }

        @Test("nobody may disable or reset the account that he uses")
        func ownAccount() async throws {
            let site = try TestSite.current
            let boss = try await site.browser("boss")
            let id = try #require(try await site.value("SELECT id FROM account WHERE login = 'boss'"))
            #expect(try await boss.send("POST", "/api/v1/accounts/\(id)/disable").status == 409)
            #expect(try await boss.send("POST", "/api/v1/accounts/\(id)/reset-password").status == 409)
        }

        @Test("the first administrator is made once, with a password that works")
        func firstAdministrator() async throws {
            try await TestSite.with { site in
                let desk = AccountService(pool: site.pool, settings: WebSettings(), cost: TestSite.cost)
                #expect(try await desk.ensureAdministrator() == nil)
                try await site.pool.query("DELETE FROM account WHERE role = 'admin'")
                let first = try #require(try await desk.ensureAdministrator())
                #expect(try await desk.ensureAdministrator() == nil)
                #expect(try await site.logIn(first.login, first.password).status == 201)
            }
        }
    }
}
