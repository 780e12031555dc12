func tp(_ name: String, _ value: Double) -> Double { value }
