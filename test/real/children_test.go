package real

const roleVar = "MOTIVE_REAL_ROLE"

func play(string) int { return 0 }
