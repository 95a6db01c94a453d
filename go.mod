module firedoor

go 1.26
