/// What a case can be about; codes of GB/T 47678.5-2026 where it has one, else our own (`LOCAL`).
///
/// Severities and times are proposals of ours; a site sets its own.
enum HazardCatalogue {
    static let csv = """
        code,code_scheme,theme,name_zh,name_en,severity,handle_minutes,restricted
        FNS-01,LOCAL,FNS,危险水域人员进入,Person at dangerous water,1,15,false
        FNS-02,LOCAL,FNS,救生设施缺失,Life-saving equipment missing,2,240,false
        FNS-03,LOCAL,FNS,水位异常,Unusual water level,2,60,false
        01070,GBT47678.5-2026,FNS,水域护栏异常,Waterside railing damaged,2,480,false
        02030,GBT47678.5-2026,FNS,水域标示牌异常,Waterside warning sign damaged,3,1440,false
        09012,GBT47678.5-2026,AQSC,占用消防通道,Fire lane blocked,2,30,false
        AQSC-01,LOCAL,AQSC,烟火冒烟,Smoke or fire,1,10,false
        AQSC-02,LOCAL,AQSC,电动车飞线充电,Electric bicycle charged by a loose cable,2,120,false
        AQSC-03,LOCAL,AQSC,工地人员进入危险区域,Person in a danger zone of a building site,2,30,false
        AQSC-04,LOCAL,AQSC,燃气瓶违规,Gas cylinder kept against the rules,1,60,false
        AQSC-05,LOCAL,AQSC,九小场所隐患,Hazard at small premises,3,1440,false
        01013,GBT47678.5-2026,AQSC,消防设施异常,Fire equipment damaged,2,480,false
        DLJT-01,LOCAL,DLJT,行人或障碍物进入车行道,Person or obstacle on the carriageway,2,30,false
        DLJT-02,LOCAL,DLJT,逆行,Vehicle against the traffic,2,30,false
        DLJT-03,LOCAL,DLJT,拥堵聚集,Congestion,3,60,false
        DLJT-04,LOCAL,DLJT,路面坍塌积水,Road collapsed or flooded,1,30,false
        DLJT-05,LOCAL,DLJT,三轮车载人,People carried on a cargo tricycle,3,60,false
        09009,GBT47678.5-2026,DLJT,机动车乱停,Vehicle parked against the rules,3,60,false
        06014,GBT47678.5-2026,DLJT,道路遗撒,Load lost on the road,3,120,false
        02014,GBT47678.5-2026,DLJT,交通信号灯异常,Traffic light out of order,2,120,false
        CSGL-01,LOCAL,CSGL,夜间人员聚集,People gathering at night,3,60,false
        06010,GBT47678.5-2026,CSGL,暴露垃圾,Rubbish lying open,4,480,false
        06011,GBT47678.5-2026,CSGL,积存垃圾渣土,Rubbish or spoil piled up,4,1440,false
        09006,GBT47678.5-2026,CSGL,占道经营,Trading on the road,4,120,false
        09010,GBT47678.5-2026,CSGL,非机动车乱停,Bicycles parked against the rules,4,240,false
        06036,GBT47678.5-2026,CSGL,乱堆杂物,Things piled up in public,4,480,false
        01050,GBT47678.5-2026,SBGZ,监控电子眼设施异常,Camera out of order,3,1440,false
        SBGZ-01,LOCAL,SBGZ,镜头遮挡,Camera covered or turned,2,480,false
        JDFZ-01,LOCAL,JDFZ,可疑聚集,Suspicious gathering,2,120,true
        JDFZ-02,LOCAL,JDFZ,罂粟种植线索,Clue to poppy growing,2,1440,true
        JDFZ-03,LOCAL,JDFZ,诈骗窝点线索,Clue to a fraud den,2,1440,true
        XFWW-01,LOCAL,XFWW,人员异常聚集,Unusual gathering,1,30,true
        XFWW-02,LOCAL,XFWW,纠纷调解,Dispute to mediate,3,1440,true

        """
}

/// The rules that cameras get by their tags.
///
/// What needs a line or region drawn for the camera, as driving against the traffic, cannot be a template.
enum RuleTemplates {
    static let json = """
        {
          "templates": [
            {
              "code": "water-day", "tag": "water", "name": "防溺水：水边有人（白天）", "hazard_type": "FNS-01",
              "definition": {
                "id": "water-day", "kind": "intrusion", "name": "防溺水：水边有人（白天）",
                "thresholds": {"dwell": 3},
                "schedule": [{"days": [1, 2, 3, 4, 5, 6, 7], "from": "10:00", "to": "20:00"}],
                "hazard_type": "FNS-01", "severity": 1, "dispatch": "auto"
              }
            },
            {
              "code": "water-night", "tag": "water", "name": "防溺水：水边有人（夜间）", "hazard_type": "FNS-01",
              "definition": {
                "id": "water-night", "kind": "intrusion", "name": "防溺水：水边有人（夜间）",
                "thresholds": {"dwell": 5},
                "schedule": [{"days": [1, 2, 3, 4, 5, 6, 7], "from": "20:00", "to": "06:00"}],
                "hazard_type": "FNS-01", "severity": 2, "dispatch": "triage"
              }
            },
            {
              "code": "fire-lane", "tag": "fire_lane", "name": "占用消防通道", "hazard_type": "09012",
              "definition": {
                "id": "fire-lane", "kind": "stationary", "name": "占用消防通道",
                "polygon": [[0.2, 0.4], [0.8, 0.4], [0.95, 0.98], [0.05, 0.98]],
                "min_seconds": 120, "thresholds": {"min_share": 0.08},
                "hazard_type": "09012", "severity": 2, "dispatch": "auto"
              }
            },
            {
              "code": "road-obstacle", "tag": "road", "name": "车行道停留物", "hazard_type": "DLJT-01",
              "definition": {
                "id": "road-obstacle", "kind": "stationary", "name": "车行道停留物",
                "polygon": [[0.25, 0.45], [0.75, 0.45], [0.95, 0.98], [0.05, 0.98]],
                "min_seconds": 180, "thresholds": {"min_share": 0.05},
                "schedule": [{"days": [1, 2, 3, 4, 5, 6, 7], "from": "22:00", "to": "06:00"}],
                "hazard_type": "DLJT-01", "severity": 2, "dispatch": "triage"
              }
            },
            {
              "code": "school-night", "tag": "school", "name": "校园周边夜间有人", "hazard_type": "CSGL-01",
              "definition": {
                "id": "school-night", "kind": "intrusion", "name": "校园周边夜间有人",
                "thresholds": {"dwell": 20},
                "schedule": [{"days": [1, 2, 3, 4, 5, 6, 7], "from": "23:00", "to": "05:00"}],
                "hazard_type": "CSGL-01", "severity": 3, "dispatch": "triage"
              }
            },
            {
              "code": "plaza-night", "tag": "plaza", "name": "广场夜间聚集", "hazard_type": "CSGL-01",
              "definition": {
                "id": "plaza-night", "kind": "crowd", "name": "广场夜间聚集",
                "min_count": 10, "thresholds": {"dwell": 3},
                "schedule": [{"days": [1, 2, 3, 4, 5, 6, 7], "from": "23:30", "to": "05:00"}],
                "hazard_type": "CSGL-01", "severity": 3, "dispatch": "triage"
              }
            },
            {
              "code": "site-night", "tag": "construction", "name": "工地夜间有人", "hazard_type": "AQSC-03",
              "definition": {
                "id": "site-night", "kind": "intrusion", "name": "工地夜间有人",
                "thresholds": {"dwell": 10},
                "schedule": [{"days": [1, 2, 3, 4, 5, 6, 7], "from": "20:00", "to": "06:00"}],
                "hazard_type": "AQSC-03", "severity": 2, "dispatch": "triage"
              }
            },
            {
              "code": "market-dumping", "tag": "market", "name": "夜间乱倒垃圾", "hazard_type": "06010",
              "definition": {
                "id": "market-dumping", "kind": "stationary", "name": "夜间乱倒垃圾",
                "min_seconds": 600,
                "schedule": [{"days": [1, 2, 3, 4, 5, 6, 7], "from": "22:00", "to": "05:00"}],
                "hazard_type": "06010", "severity": 4, "dispatch": "triage"
              }
            },
            {
              "code": "water-covered", "tag": "water", "name": "水边镜头遮挡", "hazard_type": "SBGZ-01",
              "definition": {
                "id": "water-covered", "kind": "tamper", "name": "水边镜头遮挡",
                "thresholds": {"dwell": 20},
                "hazard_type": "SBGZ-01", "severity": 2, "dispatch": "triage"
              }
            },
            {
              "code": "fire-lane-covered", "tag": "fire_lane", "name": "消防通道镜头遮挡", "hazard_type": "SBGZ-01",
              "definition": {
                "id": "fire-lane-covered", "kind": "tamper", "name": "消防通道镜头遮挡",
                "thresholds": {"dwell": 20},
                "hazard_type": "SBGZ-01", "severity": 2, "dispatch": "triage"
              }
            }
          ]
        }

        """
}
