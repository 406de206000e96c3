/// Moments as text, without a library: proleptic Gregorian days from 1970.
enum CalendarText {
  /// `2026-11-28T17:41:04`, UTC.
  static func iso(_ seconds: Int) -> String {
    let (date, time) = parts(seconds)
    return "\(date)T\(time)"
  }

  /// `2026-11-28 17:41:04.838+0000`, as libvirt's logs have it.
  static func log(_ seconds: Int, milliseconds: Int) -> String {
    let (date, time) = parts(seconds)
    return "\(date) \(time).\(decimal(milliseconds, 3))+0000"
  }

  private static func parts(_ seconds: Int) -> (String, String) {
    let days = Int((Double(seconds) / 86_400).rounded(.down))
    let rest = seconds - days * 86_400
    // Days of eras of 400 years that begin in March.
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let month = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * month + 2) / 5 + 1
    let year = yearOfEra + era * 400 + (month >= 10 ? 1 : 0)
    let date = "\(decimal(year, 4))-\(decimal(month < 10 ? month + 3 : month - 9, 2))-\(decimal(day, 2))"
    return (date, "\(decimal(rest / 3600, 2)):\(decimal(rest / 60 % 60, 2)):\(decimal(rest % 60, 2))")
  }

  private static func decimal(_ number: Int, _ width: Int) -> String { String(number).leftPadded(width) }
}
