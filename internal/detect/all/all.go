package all

import "firedoor/internal/detect"

// List is every detector, in the order in which they see an observation.
var List = []detect.Detector{}
