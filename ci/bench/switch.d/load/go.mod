module graylane.invalid/load

go 1.25.0
