module dajiuzhu

go 1.26
