/// How people call a rule of a camera.
enum RuleName {
    /// An expression for the name: of the rule drawn for the camera, else of the template; null when it has none.
    ///
    /// `camera` and `rule`: expressions for their ids.
    static func sql(camera: String, rule: String) -> String {
        """
        coalesce(
            (SELECT nullif(own.definition ->> 'name', '') FROM camera_rule own
             WHERE own.camera_id = \(camera) AND own.rule_id = \(rule)),
            (SELECT shared.name FROM rule_template shared WHERE shared.code = \(rule)))
        """
    }
}
