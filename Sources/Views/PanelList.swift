extension Panel {
  /// Every panel there is, those of the overview in tab order.
  package static let all: [Panel] = [
    .overview, .worlds, .granules, .realms, .trace, .timeline, .captions, .branches, .compare, .lesson, .course, .attacks, .why,
    .reference,
    .rtt, .granule,
    .token, .guest, .stack, .form, .palette,
  ]
}
