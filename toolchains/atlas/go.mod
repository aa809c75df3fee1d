module lnmatrix.invalid/atlas

go 1.23
