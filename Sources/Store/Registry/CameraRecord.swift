import CityGrid

/// The columns of a camera sheet that mean something to us.
enum CameraColumn {
    static let id = "设备编码"
    static let name = "设备名称"
    static let civilCode = "行政区划编码"
    static let pointClass = "监控点位类型"
    static let address = "安装地址"
    static let landmark = "周边标志"
    static let longitude = "经度"
    static let latitude = "纬度"
    static let datum = "坐标系"
    static let maintenanceUnit = "维护单位"
    static let tags = "标签"
    static let grid = "网格编码"
    static let stream = "码流地址"
    static let subStream = "辅码流地址"
    static let transport = "传输方式"
    static let enabled = "启用"

    static let required = [id, name]

    /// What we read.
    static let used: Set<String> = [
        id, name, civilCode, pointClass, address, landmark, longitude, latitude, datum, maintenanceUnit, tags, grid,
        stream, subStream, transport, enabled,
    ]

    /// The other columns of the 一机一档 sheet: known, left alone, among them those with people and passwords.
    static let ignored: Set<String> = [
        "原设备编码", "拾音器", "父设备", "建设单位", "平台归属代码", "管理单位", "所属部门", "管理员姓名", "电话", "承建单位", "设备厂商", "型号",
        "摄像机类型", "接入方式", "功能类型", "编码格式", "分辨率", "补光", "后端结构化", "镜头类型", "安装类型", "高度类型", "辖区公安机关", "室内外",
        "监控方位", "立杆编号", "实景图片", "联网属性", "接入网络", "IPv4", "IPv6", "MAC", "端口", "关联编码器", "用户名", "口令", "通道号",
        "连接协议", "启用时间", "报废时间", "设备状态", "巡检状态", "视频丢失", "色彩失真", "视频模糊", "亮度异常", "视频干扰", "视频卡顿", "视频遮挡",
        "场景变更", "在线时长", "离线时长", "信令时延", "视频流时延", "关键帧时延", "录像保存天数", "存储设备编码", "存储通道号", "存储类型", "缓存设置",
        "备注", "采集区域类型", "更新时间",
    ]
}

/// One camera of a sheet.
struct CameraRecord: Sendable {
    let id: CameraID
    let name: String
    let civilCode: String?
    let pointClass: Int
    let address: String?
    /// As written, in `datum`.
    let position: GeoPoint?
    let datum: Datum?
    let maintenanceUnit: String?
    let tags: [String]
    let explicitGrid: String?
    let streamURL: String?
    let subStreamURL: String?
    /// How RTSP packets travel: `tcp`, `udp`, `auto`; nil: as the settings say.
    let transport: String?
    let enabled: Bool?

    /// The position in WGS-84.
    var place: GeoPoint? {
        guard let position, let datum else { return nil }
        return datum.convert(position, to: .wgs84)
    }

    /// Reads a row; `override` is the datum of all positions, whatever the row says.
    init(_ row: SheetRow, datum override: Datum?) throws(RowProblem) {
        typealias Column = CameraColumn
        id = try Self.checked(Column.id, row) { text throws(CityGridError) in try CameraID(text) }
        name = try row.text(Column.name)
        civilCode = try Self.civilCode(row)
        pointClass = try Self.pointClass(row)
        address = try Self.address(row)
        position = try Self.position(row)
        let declared = override == nil ? try Self.datum(row) : override
        datum = position == nil ? nil : declared
        maintenanceUnit = try row.optionalText(Column.maintenanceUnit)
        tags = try Self.tags(row)
        explicitGrid =
            row[Column.grid].isEmpty
            ? nil
            : try Self.checked(Column.grid, row) { text throws(CityGridError) in
                try GridCode(NumberText.plain(text)).text
            }
        streamURL = try Self.stream(Column.stream, row)
        subStreamURL = try Self.stream(Column.subStream, row)
        transport = try Self.transport(row)
        enabled = try Self.enabled(row)
    }

    private static func checked<Value>(
        _ column: String,
        _ row: SheetRow,
        _ read: (String) throws(CityGridError) -> Value
    ) throws(RowProblem) -> Value {
        guard !row[column].isEmpty else { throw RowProblem(column, "", "is empty; every row needs it") }
        do {
            return try read(row[column])
        } catch {
            throw RowProblem(column, row[column], error.message)
        }
    }

    private static func civilCode(_ row: SheetRow) throws(RowProblem) -> String? {
        let text = row.numberText(CameraColumn.civilCode)
        if text.isEmpty { return nil }
        guard (2...12).contains(text.utf8.count), text.utf8.allSatisfy({ (48...57).contains($0) }) else {
            throw RowProblem(
                CameraColumn.civilCode,
                text,
                "is no administrative code; write 2 to 12 digits, 12 for a community"
            )
        }
        return text
    }

    private static func pointClass(_ row: SheetRow) throws(RowProblem) -> Int {
        switch row.numberText(CameraColumn.pointClass) {
        case "1", "I", "Ⅰ", "一类", "一类点", "1类点": return 1
        case "2", "II", "Ⅱ", "二类", "二类点", "2类点": return 2
        case "3", "III", "Ⅲ", "三类", "三类点", "3类点", "9", "其他", "": return 3
        default:
            throw RowProblem(
                CameraColumn.pointClass,
                row[CameraColumn.pointClass],
                "is no class; write 1, 2, 3, or 9 for others"
            )
        }
    }

    /// The address with the landmark, which tells a worker more than a house number.
    private static func address(_ row: SheetRow) throws(RowProblem) -> String? {
        let address = try row.optionalText(CameraColumn.address)
        guard let landmark = try row.optionalText(CameraColumn.landmark) else { return address }
        return address.map { "\($0)（\(landmark)）" } ?? landmark
    }

    private static func position(_ row: SheetRow) throws(RowProblem) -> GeoPoint? {
        let (longitude, latitude) = (row[CameraColumn.longitude], row[CameraColumn.latitude])
        do {
            return try GeoPoint.parse(
                longitude: NumberText.plain(longitude),
                latitude: NumberText.plain(latitude)
            )
        } catch {
            throw RowProblem(
                "\(CameraColumn.longitude), \(CameraColumn.latitude)",
                "\(longitude), \(latitude)",
                error.message
            )
        }
    }

    private static func datum(_ row: SheetRow) throws(RowProblem) -> Datum {
        guard !row[CameraColumn.datum].isEmpty else { return .wgs84 }
        return try checked(CameraColumn.datum, row) { text throws(CityGridError) in try Datum(name: text) }
    }

    private static func tags(_ row: SheetRow) throws(RowProblem) -> [String] {
        let separators: Set<Character> = [";", "；", ",", "，", "、", "|", " "]
        var tags: [String] = []
        for part in row[CameraColumn.tags].split(whereSeparator: separators.contains) {
            let tag = part.lowercased()
            guard tag.count <= 32 else {
                throw RowProblem(CameraColumn.tags, tag, "has a tag of \(tag.count) characters, at most 32 are stored")
            }
            if !tags.contains(tag) { tags.append(tag) }
        }
        return tags
    }

    private static let schemes: Set<String> = [
        "rtsp", "rtsps", "rtmp", "rtmps", "http", "https", "srt", "rtp", "udp", "file",
    ]

    /// A stream address; it may hold a password, so it never goes into a report.
    private static func stream(_ column: String, _ row: SheetRow) throws(RowProblem) -> String? {
        // Taken out of a web page or XML, addresses have their signs written as those do.
        guard let text = try row.optionalText(column, limit: 1000)?.replacing("&amp;", with: "&") else { return nil }
        guard let end = text.firstRange(of: "://")?.lowerBound, schemes.contains(text[..<end].lowercased()) else {
            throw RowProblem(
                column,
                "",
                "is no stream address; it begins with one of \(schemes.sorted().joined(separator: "://, "))://"
            )
        }
        return text
    }

    private static func transport(_ row: SheetRow) throws(RowProblem) -> String? {
        switch row[CameraColumn.transport].lowercased() {
        case "": return nil
        case "tcp", "rtp over tcp", "rtsp over tcp": return "tcp"
        case "udp", "rtp over udp", "rtsp over udp": return "udp"
        case "auto", "自动": return "auto"
        default:
            throw RowProblem(
                CameraColumn.transport,
                row[CameraColumn.transport],
                "is no way for packets to travel; write tcp, udp or auto (自动), or nothing for what the settings say"
            )
        }
    }

    private static func enabled(_ row: SheetRow) throws(RowProblem) -> Bool? {
        switch row.numberText(CameraColumn.enabled).lowercased() {
        case "": return nil
        case "是", "1", "true", "yes", "y", "on", "启用", "√", "✓", "✔": return true
        case "否", "0", "false", "no", "n", "off", "停用", "×", "✗", "✘": return false
        default:
            throw RowProblem(CameraColumn.enabled, row[CameraColumn.enabled], "is neither 是 nor 否")
        }
    }
}
